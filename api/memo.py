"""A record parsed once per change of what it was read from.

Invariant: what is returned is what parsing the tree of now would give: an entry is used only while
every key that was read for it, and every list of names, is the same as then.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from cluster.records.view import TreeView

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class _Entry(Generic[_T]):
    value: _T
    keys: tuple[tuple[str, bytes | None], ...]
    names: tuple[tuple[str, tuple[str, ...] | None], ...]

    def holds(self, view: TreeView) -> bool:
        """Whether nothing this was read from has changed."""
        return all(view.get(path) == data for path, data in self.keys) and all(
            _sorted(view.children(path)) == names for path, names in self.names
        )


class Memo(Generic[_T]):
    """Remembers records of one noun by name.

    Safe to be used by several threads: at worst two of them parse the same record.
    """

    def __init__(self, read: Callable[[TreeView, str], _T]) -> None:
        self._read = read
        self._entries: dict[str, _Entry[_T]] = {}

    def get(self, view: TreeView, name: str) -> _T:
        """Return the record `name` as of now."""
        entry = self._entries.get(name)
        if entry is None or not entry.holds(view):
            noting = _Noting(view)
            value = self._read(noting, name)
            entry = _Entry(value, tuple(noting.keys.items()), tuple(noting.names.items()))
            self._entries[name] = entry
        return entry.value

    def get_all(self, view: TreeView, names: Iterable[str]) -> list[_T]:
        """Return all records of these names, and forget every other."""
        wanted = list(names)
        found = [self.get(view, name) for name in wanted]
        if len(self._entries) > len(wanted):
            kept = frozenset(wanted)
            for name in [name for name in self._entries.copy() if name not in kept]:
                self._entries.pop(name, None)
        return found


class Listing(Generic[_T]):
    """All records of one noun, looked through again only after the tree has changed at all."""

    def __init__(
        self, parent: str, read: Callable[[TreeView, str], _T | None], order: Callable[[_T], Any]
    ) -> None:
        self._parent = parent
        self._order = order
        self._memo: Memo[_T | None] = Memo(read)
        self._last: tuple[int, tuple[_T, ...]] | None = None

    def get(self, view: TreeView, revision: int) -> tuple[_T, ...]:
        """Return the records below the parent; `revision` was read before anything else."""
        last = self._last
        if last is not None and last[0] == revision:
            return last[1]
        found = self._memo.get_all(view, view.children(self._parent) or ())
        there = tuple(sorted((one for one in found if one is not None), key=self._order))
        if last is not None and last[1] == there:
            there = last[1]  # the same object, so that others can tell by it that nothing changed
        self._last = revision, there
        return there


class _Noting:
    """A view that notes what is read through it."""

    def __init__(self, view: TreeView) -> None:
        self._view = view
        self.keys: dict[str, bytes | None] = {}
        self.names: dict[str, tuple[str, ...] | None] = {}

    def get(self, path: str) -> bytes | None:
        """Return what a key holds, None when it does not exist."""
        data = self.keys[path] = self._view.get(path)
        return data

    def children(self, path: str) -> Iterable[str] | None:
        """Return the names below a key, None when the key does not exist."""
        names = self.names[path] = _sorted(self._view.children(path))
        return names


def _sorted(names: Iterable[str] | None) -> tuple[str, ...] | None:
    return None if names is None else tuple(sorted(names))

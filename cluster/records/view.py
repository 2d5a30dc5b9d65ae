"""What records ask of the tree: anything that can tell keys and the names below them.

The API's mirror is one; `snapshot` makes one by a few bursts for everybody else.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from cluster.store.store import Store
from runtime.deadline import Deadline


class TreeView(Protocol):
    """The tree as of one moment; answers at once."""

    def get(self, path: str) -> bytes | None:
        """Return what a key holds, None when it does not exist."""

    def children(self, path: str) -> Iterable[str] | None:
        """Return the names below a key, None when the key does not exist."""


class DictView:
    """A view over keys that were read before."""

    def __init__(self, values: Mapping[str, bytes]) -> None:
        self._values = values
        self._children: dict[str, list[str]] = {path: [] for path in values}
        for path in sorted(values):
            parent, _, name = path.rpartition("/")
            self._children.setdefault(parent or "/", []).append(name)

    def get(self, path: str) -> bytes | None:
        """Return what a key holds, None when it does not exist."""
        return self._values.get(path)

    def children(self, path: str) -> Iterable[str] | None:
        """Return the names below a key, None when the key does not exist."""
        return self._children.get(path)


def snapshot(store: Store, roots: Sequence[str], deadline: Deadline) -> DictView:
    """Return a view of these keys and all below them, level by level in bursts."""
    values: dict[str, bytes] = {}
    level = list(roots)
    while level:
        there = {path: v.data for path, v in store.read_many(level, deadline).items() if v}
        values.update(there)
        names = store.children_many(list(there), deadline)
        level = [f"{path}/{name}" for path in there for name in names[path] or ()]
    return DictView(values)

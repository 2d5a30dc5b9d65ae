"""The tree as a mirror holds it: what is put in and taken out.

Invariant: every key but the root of the mirror is listed below its parent, and everything listed
is there: taking a key out takes out all below it.
"""

import sys
from collections.abc import Iterable

from cluster.store.paths import child_of, name_of, parent_of
from cluster.store.store import Value

_NOTHING: frozenset[str] = frozenset()


class MirrorTree:
    """Keys by path; reports by itself what a change has changed."""

    def __init__(self, root: str) -> None:
        self.root = root
        self.values: dict[str, Value] = {}
        self._names: dict[str, set[str]] = {}
        self._changed: set[str] = set()

    def names(self, path: str) -> Iterable[str]:
        """Return the names below a key."""
        return self._names.get(path, _NOTHING)

    def take_changed(self) -> frozenset[str]:
        """Return the paths changed since the last time."""
        changed, self._changed = self._changed, set()
        return frozenset(changed)

    def put(self, path: str, value: Value) -> bool:
        """Put a key in or replace what it holds; False when its parent is not there."""
        known = self.values.get(path)
        if known is None and path != self.root:
            parent = parent_of(path)
            if parent not in self.values:
                return False
            # Names repeat by the thousand ("state", "name"): one text each is kept.
            self._names.setdefault(parent, set()).add(sys.intern(name_of(path)))
        if known != value:
            self.values[path] = value
            self._changed.add(path)
        return True

    def remove(self, path: str) -> None:
        """Take out a key and all below it; nothing when it is not there."""
        if path not in self.values:
            return
        siblings = self._names.get(parent_of(path))
        if siblings is not None:
            siblings.discard(name_of(path))
            if not siblings:
                del self._names[parent_of(path)]
        doomed = [path]
        while doomed:
            one = doomed.pop()
            doomed.extend(child_of(one, name) for name in self._names.pop(one, _NOTHING))
            self.values.pop(one, None)
            self._changed.add(one)

    def keep_only(self, path: str, names: Iterable[str]) -> None:
        """Take out every child of a key that is not among `names`."""
        for name in set(self.names(path)).difference(names):
            self.remove(child_of(path, name))

"""The tree as a mirror holds it: what is put in and taken out.

Invariant: every key but the root of the mirror is listed below its parent, and everything listed
is there: taking a key out takes out all below it.
"""

import sys
from collections.abc import Iterable

from cluster.store.paths import ROOT, child_of, name_of, parent_of
from cluster.store.store import Value

Entry = tuple[bytes, int, int]
"""Data, version and owning session. A plain tuple of plain values is left alone by the garbage
collector: with 100,000 objects in their place every full collection stops the process for 0.1 s."""

_NOTHING: frozenset[str] = frozenset()


class MirrorTree:
    """Keys by path; reports by itself what a change has changed."""

    def __init__(self, root: str) -> None:
        self.root = root
        self.entries: dict[str, Entry] = {}
        self._names: dict[str, set[str]] = {}
        self._changed: set[str] = set()
        self._stamps: dict[str, int] = {}

    def names(self, path: str) -> Iterable[str]:
        """Return the names below a key."""
        return self._names.get(path, _NOTHING)

    def take_changed(self) -> frozenset[str]:
        """Return the paths changed since the last time."""
        changed, self._changed = self._changed, set()
        return frozenset(changed)

    def stamp(self, changed: Iterable[str], number: int) -> None:
        """Note with what update these paths have changed."""
        for top in {_top(path) for path in changed}:
            if top in self.entries:
                self._stamps[top] = number
            else:
                self._stamps.pop(top, None)

    def stamp_of(self, top: str) -> int:
        """Return the last update that changed a key of the second level or anything below it."""
        return self._stamps.get(top, 0)

    def put(self, path: str, value: Value) -> bool:
        """Put a key in or replace what it holds; False when its parent is not there."""
        known = self.entries.get(path)
        if known is None and path != self.root:
            parent, _, name = path.rpartition("/")
            if (parent or ROOT) not in self.entries:
                return False
            # Names repeat by the thousand ("state", "name"): one text each is kept.
            self._names.setdefault(parent or ROOT, set()).add(sys.intern(name))
        entry = (value.data, value.version, value.session)
        if known != entry:
            self.entries[path] = entry
            self._changed.add(path)
        return True

    def remove(self, path: str) -> None:
        """Take out a key and all below it; nothing when it is not there."""
        if path not in self.entries:
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
            self.entries.pop(one, None)
            self._changed.add(one)

    def keep_only(self, path: str, names: Iterable[str]) -> None:
        """Take out every child of a key that is not among `names`."""
        known = self._names.get(path)
        if known:
            for name in known.difference(names):
                self.remove(child_of(path, name))


def _top(path: str) -> str:
    """Return the key of the second level (`/domains/<uuid>`) that a path is, or is below of."""
    second = path.find("/", 1)
    end = path.find("/", second + 1) if second > 0 else -1
    return path if end < 0 else path[:end]

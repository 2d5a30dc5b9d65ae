"""Reading keys of the store into a mirror's tree: all of them, or those that changed.

Why it is right: a persistent recursive watch stands before the first read, and Zookeeper delivers
the event of a change before any answer that shows it. So a key whose last event was followed by a
read of it is as the store has it; keys with younger events are read again.
"""

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Final, Protocol

from cluster.store.lock_names import is_lock_node
from cluster.store.mirror_tree import MirrorTree
from cluster.store.paths import child_of, name_of, parent_of
from cluster.store.store import Value
from runtime.deadline import Deadline
from runtime.errors import Unavailable

_SLICE: Final = 4000
"""Keys read under one deadline, and put in under one lock."""

_ROUNDS: Final = 3
"""Re-reads before an update is shown: a transaction is shown whole unless writes come faster."""

_SYSTEM: Final = "/zookeeper"
_LOCK_MARK: Final = "lock__"


class KeyReader(Protocol):
    """What a mirror reads of a store."""

    def read_many(self, paths: Sequence[str], deadline: Deadline) -> Mapping[str, Value | None]:
        """Return what many keys hold."""

    def children_many(
        self, paths: Sequence[str], deadline: Deadline
    ) -> Mapping[str, tuple[str, ...] | None]:
        """Return the names below many keys."""


def is_mirrored(path: str) -> bool:
    """Whether a key belongs in a mirror: Zookeeper's own keys and lock nodes do not."""
    if _LOCK_MARK in path and is_lock_node(name_of(path)):
        return False
    return path != _SYSTEM and not path.startswith(f"{_SYSTEM}/")


class DirtyPaths:
    """Keys whose copy may be old; events add to it from another thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._paths: set[str] = set()

    def __bool__(self) -> bool:
        return bool(self._paths)

    def add(self, *paths: str) -> None:
        """Add keys."""
        with self._lock:
            self._paths.update(paths)

    def take(self) -> set[str]:
        """Return all and forget them."""
        with self._lock:
            taken, self._paths = self._paths, set()
        return taken


class MirrorFeed:
    """Writes the tree; used by one thread."""

    def __init__(
        self,
        reader: KeyReader,
        tree: MirrorTree,
        writing: Callable[[], AbstractContextManager[object]],
        call_seconds: float,
        keep: Callable[[str], bool] = is_mirrored,
    ) -> None:
        self._keep = keep
        self._reader = reader
        self._tree = tree
        self._writing = writing
        self._call_seconds = call_seconds

    def load(self) -> None:
        """Bring the whole tree up to date, breadth first, each part shown as soon as it is read.

        What is known stays readable meanwhile; what is gone is taken out.
        """
        level = [self._tree.root]
        while level:
            below: list[str] = []
            for start in range(0, len(level), _SLICE):
                below.extend(self._load_slice(level[start : start + _SLICE]))
            level = below

    def refresh(self, dirty: DirtyPaths) -> None:
        """Bring the root and changed keys up to date, together with what changes meanwhile.

        When the store cannot be asked nothing is shown, all stay dirty, and its error is raised.
        """
        found: dict[str, Value | None] = {}
        paths = dirty.take() | {self._tree.root}
        for _ in range(_ROUNDS):
            try:
                found.update(self._read(sorted(paths)))
            except Unavailable:
                dirty.add(*paths, *found)
                raise
            paths = dirty.take()
            if not paths:
                break
        with self._writing():
            orphans = self._put_all(found)
        dirty.add(*paths, *orphans)

    def _load_slice(self, paths: list[str]) -> Iterable[str]:
        values = self._read(paths)
        parents = [p for p, value in values.items() if value is not None and value.child_count]
        listed = self._reader.children_many(parents, Deadline.after(self._call_seconds))
        below: list[str] = []
        with self._writing():
            for path, value in values.items():
                if value is None:
                    self._tree.remove(path)
                    continue
                self._tree.put(path, value)
                names = listed.get(path) or ()
                self._tree.keep_only(path, names)
                below += [child for name in names if self._keep(child := child_of(path, name))]
        return below

    def _read(self, paths: Sequence[str]) -> dict[str, Value | None]:
        found: dict[str, Value | None] = {}
        for start in range(0, len(paths), _SLICE):
            part = paths[start : start + _SLICE]
            found.update(self._reader.read_many(part, Deadline.after(self._call_seconds)))
        return found

    def _put_all(self, found: Mapping[str, Value | None]) -> list[str]:
        orphans: list[str] = []
        # Parents come before their children in this order.
        for path in sorted(found):
            value = found[path]
            if value is None:
                self._tree.remove(path)
            elif not self._tree.put(path, value):
                orphans += [path, parent_of(path)]
        return orphans

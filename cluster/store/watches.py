"""Which callbacks belong to which path; pure.

Zookeeper 3.8 keeps one watch for each connection and path: a second one of another kind replaces
the first. So all who watch a path share one, recursive when any of them needs it.
"""

import threading
from dataclasses import dataclass

from cluster.store.paths import is_below, parent_of
from cluster.store.store import WatchCallback


@dataclass(frozen=True, slots=True)
class Watched:
    """One `Store.watch`."""

    path: str
    callback: WatchCallback
    recursive: bool

    def concerns(self, path: str) -> bool:
        """Whether an event of `path` is a change of what is watched or of its children's list."""
        if self.recursive:
            return is_below(path, self.path)
        return path == self.path or parent_of(path) == self.path


class Watches:
    """All that is watched by this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._watched: tuple[Watched, ...] = ()

    def add(self, watched: Watched) -> None:
        """Remember one for as long as we live."""
        with self._lock:
            self._watched = (*self._watched, watched)

    def wanted(self) -> dict[str, bool]:
        """Return the paths to watch, and whether recursively."""
        wanted: dict[str, bool] = {}
        for watched in self._watched:
            wanted[watched.path] = wanted.get(watched.path, False) or watched.recursive
        return wanted

    def of(self, path: str) -> tuple[Watched, ...]:
        """Return all that watch exactly this path."""
        return tuple(w for w in self._watched if w.path == path)

    def tell(self, path: str) -> None:
        """Call back all whom a change of `path` concerns."""
        for watched in self._watched:
            if watched.concerns(path):
                watched.callback(path)

"""Changes a tree at random for as long as it is asked to, and compares a mirror with the truth."""

import random
import threading

from cluster.store.mirror import Mirror
from cluster.store.paths import child_of
from cluster.store.store import Change, Create, Delete, Store, Write
from runtime.deadline import Deadline
from runtime.errors import Refused, Unavailable


class TreeWriter:
    """Creates, writes and deletes keys below `root`, through outages."""

    def __init__(self, store: Store, root: str, seed: int = 1) -> None:
        self._store = store
        self._root = root
        self._random = random.Random(seed)
        self._is_ending = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.written = 0

    def __enter__(self) -> "TreeWriter":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_ending.set()
        self._thread.join(20.0)

    def _run(self) -> None:
        while not self._is_ending.wait(0.002):
            try:
                self._store.apply(self._changes(), Deadline.after(1.0))
                self.written += 1
            except (Refused, Unavailable):
                continue  # the guess did not fit the tree, or an outage

    def _changes(self) -> list[Change]:
        one, two = self._random.randrange(12), self._random.randrange(6)
        above, below = f"{self._root}/{one}", f"{self._root}/{one}/{two}"
        stamp = str(self._random.random()).encode()
        choices: tuple[list[Change], ...] = (
            [Create(above, stamp)],
            [Create(above, stamp), Create(below, stamp)],
            [Create(below, stamp)],
            [Create(below, stamp), Create(f"{below}/leaf", stamp)],
            [Write(above, stamp), Write(below, stamp)],
            [Delete(f"{below}/leaf"), Delete(below)],
            [Delete(below)],
            [Delete(above)],
        )
        return self._random.choice(choices)


def fresh_read(store: Store, root: str) -> dict[str, tuple[bytes, int]]:
    """Return data and version of every key at and below `root`."""
    found: dict[str, tuple[bytes, int]] = {}
    level = [root]
    while level:
        values = store.read_many(level, Deadline.after(5.0))
        names = store.children_many(level, Deadline.after(5.0))
        found.update({p: (v.data, v.version) for p, v in values.items() if v is not None})
        level = [child_of(path, name) for path, below in names.items() for name in below or ()]
    return found


def mirrored(mirror: Mirror, root: str) -> dict[str, tuple[bytes, int]]:
    """Return the same from a mirror, walking down by its own lists of children."""
    found: dict[str, tuple[bytes, int]] = {}
    level = [root]
    with mirror.frozen():
        while level:
            values = {path: mirror.value(path) for path in level}
            found.update({p: (v.data, v.version) for p, v in values.items() if v is not None})
            level = [child_of(p, n) for p in level for n in mirror.children(p) or ()]
        assert len(found) == len(mirror), "an entry that no list of children names"
    return found

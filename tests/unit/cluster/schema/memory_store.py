"""The least store that schema steps need, and one that dies at a given transaction."""

from collections.abc import Callable, Sequence

from cluster.store.store import ANY_VERSION, Change, Check, Create, Delete, Value, Write
from runtime.deadline import Deadline
from runtime.errors import Conflict, NotFound


class Killed(BaseException):
    """The process is gone: nothing catches this."""


class MemoryStore:
    """Persistent keys in memory; transactions as Zookeeper makes them."""

    def __init__(self, tree: dict[str, bytes]) -> None:
        self.values = {path: Value(data, 0) for path, data in tree.items()}
        self.before_apply: Callable[[int], None] = lambda number: None
        self.transactions: list[tuple[Change, ...]] = []

    def tree(self) -> dict[str, bytes]:
        return {path: value.data for path, value in self.values.items()}

    def read(self, path: str, deadline: Deadline) -> Value | None:
        return self.values.get(path)

    def children(self, path: str, deadline: Deadline) -> tuple[str, ...] | None:
        if path != "/" and path not in self.values:
            return None
        start = path.rstrip("/") + "/"
        below = (name[len(start) :] for name in self.values if name.startswith(start))
        return tuple(sorted({name for name in below if "/" not in name}))

    def read_many(self, paths: Sequence[str], deadline: Deadline) -> dict[str, Value | None]:
        return {path: self.values.get(path) for path in paths}

    def children_many(
        self, paths: Sequence[str], deadline: Deadline
    ) -> dict[str, tuple[str, ...] | None]:
        below: dict[str, list[str]] = {}
        for path in self.values:
            parent, _, name = path.rpartition("/")
            below.setdefault(parent, []).append(name)
        return {
            path: tuple(sorted(below.get(path, ()))) if path in self.values else None
            for path in paths
        }

    def apply(self, changes: Sequence[Change], deadline: Deadline) -> None:
        self.before_apply(len(self.transactions) + 1)
        after = dict(self.values)
        for change in changes:
            _make(after, change)
        self.values = after
        self.transactions.append(tuple(changes))


def _make(values: dict[str, Value], change: Change) -> None:
    there = values.get(change.path)
    if isinstance(change, Create):
        parent = change.path.rpartition("/")[0]
        if there is not None:
            raise Conflict("exists", path=change.path)
        if parent and parent not in values:
            raise NotFound("no parent", path=change.path)
        values[change.path] = Value(change.data, 0)
        return
    if there is None:
        raise NotFound("no key", path=change.path)
    if change.version not in (ANY_VERSION, there.version):
        raise Conflict("another version", path=change.path)
    if isinstance(change, Write):
        values[change.path] = Value(change.data, there.version + 1)
    elif isinstance(change, Delete):
        if any(path.startswith(change.path + "/") for path in values):
            raise Conflict("has keys below", path=change.path)
        del values[change.path]
    else:
        assert isinstance(change, Check)

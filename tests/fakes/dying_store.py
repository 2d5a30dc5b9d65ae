"""A store whose process may be killed before any of its transactions."""

from collections.abc import Callable, Mapping, Sequence

from cluster.store.store import Change, Create, Store, Value
from runtime.deadline import Deadline
from tests.fakes.ensemble import FakeEnsemble
from tests.fakes.store import FakeStore

_PATIENCE_SECONDS = 10.0


class Killed(BaseException):
    """The process is gone: nothing catches this."""


class DyingStore:
    """What a migration needs of a store, with a hook before each transaction."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.before_apply: Callable[[int], None] = lambda number: None
        """Called with the number of the transaction, from 1 on."""
        self.transactions: list[tuple[Change, ...]] = []
        """Those that were made."""

    @classmethod
    def holding(cls, tree: Mapping[str, bytes]) -> "DyingStore":
        """Return a store in memory that holds a tree."""
        store = FakeStore(FakeEnsemble())
        fill(store, tree)
        return cls(store)

    def die_at(self, fatal: int) -> None:
        """Be killed before this transaction and all later ones."""

        def before(number: int) -> None:
            if number >= fatal:
                raise Killed

        self.before_apply = before

    def live(self) -> None:
        """Be another process, that nobody kills."""
        self.before_apply = lambda number: None

    def tree(self) -> dict[str, bytes]:
        """Return all keys but Zookeeper's own."""
        return whole_tree(self._store)

    def read(self, path: str, deadline: Deadline) -> Value | None:
        return self._store.read(path, deadline)

    def children(self, path: str, deadline: Deadline) -> tuple[str, ...] | None:
        return self._store.children(path, deadline)

    def read_many(self, paths: Sequence[str], deadline: Deadline) -> Mapping[str, Value | None]:
        return self._store.read_many(paths, deadline)

    def children_many(
        self, paths: Sequence[str], deadline: Deadline
    ) -> Mapping[str, tuple[str, ...] | None]:
        return self._store.children_many(paths, deadline)

    def apply(self, changes: Sequence[Change], deadline: Deadline) -> None:
        self.before_apply(len(self.transactions) + 1)
        self._store.apply(changes, deadline)
        self.transactions.append(tuple(changes))


def fill(store: Store, tree: Mapping[str, bytes]) -> None:
    """Make all keys of a tree."""
    paths = sorted(tree)
    for start in range(0, len(paths), 200):
        part = [Create(path, tree[path]) for path in paths[start : start + 200]]
        store.apply(part, Deadline.after(_PATIENCE_SECONDS))


def whole_tree(store: Store) -> dict[str, bytes]:
    """Return all keys but Zookeeper's own."""
    tree: dict[str, bytes] = {}
    level = [f"/{name}" for name in store.children("/", Deadline.after(_PATIENCE_SECONDS)) or ()]
    level = [path for path in level if path != "/zookeeper"]
    while level:
        values = store.read_many(level, Deadline.after(_PATIENCE_SECONDS))
        tree.update({path: value.data for path, value in values.items() if value})
        names = store.children_many(level, Deadline.after(_PATIENCE_SECONDS))
        level = [f"{path}/{name}" for path in level for name in names[path] or ()]
    return tree

"""A store that never answers, as Zookeeper does while it is down."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from cluster.store.store import Change, Lock, Pending, Session, SessionState, Value, WatchCallback
from runtime.clock import Instant
from runtime.deadline import Deadline
from runtime.errors import StoreUnavailable


@dataclass(frozen=True, slots=True)
class AwayStore:
    since: Instant

    def session(self) -> Session:
        return Session(state=SessionState.SUSPENDED, since=self.since, number=0)

    def read(self, path: str, deadline: Deadline) -> Value | None:
        raise StoreUnavailable("away")

    def children(self, path: str, deadline: Deadline) -> tuple[str, ...] | None:
        raise StoreUnavailable("away")

    def read_many(self, paths: Sequence[str], deadline: Deadline) -> Mapping[str, Value | None]:
        raise StoreUnavailable("away")

    def children_many(
        self, paths: Sequence[str], deadline: Deadline
    ) -> Mapping[str, tuple[str, ...] | None]:
        raise StoreUnavailable("away")

    def apply(self, changes: Sequence[Change], deadline: Deadline) -> None:
        raise StoreUnavailable("away")

    def begin(self, changes: Sequence[Change]) -> Pending:
        raise StoreUnavailable("away")

    def lock(self, path: str) -> Lock:
        raise StoreUnavailable("away")

    def watch(self, path: str, callback: WatchCallback, *, recursive: bool = False) -> None:
        return

    def on_session(self, callback: Callable[[Session], None]) -> None:
        return

    def close(self) -> None:
        return

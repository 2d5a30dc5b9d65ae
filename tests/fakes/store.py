"""A store in memory: what Zookeeper does, without processes or threads.

A `FakeStore` is one session with a `FakeEnsemble`, the tree that all share; trusted only because
the contract suite runs on it and on the real adapter alike. Time is the clock's: waiting means
letting the clock sleep in small steps, so it works with a fake clock and, between threads, with a
real one.
"""

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence

from cluster.store.lock_names import in_order, new_prefix
from cluster.store.paths import check_path, child_of
from cluster.store.size import check_size
from cluster.store.store import (
    Change,
    Delete,
    Pending,
    Session,
    SessionState,
    Value,
    WatchCallback,
)
from cluster.store.watches import Watched, Watches
from runtime.clock import SYSTEM_CLOCK, Clock
from runtime.deadline import Deadline
from runtime.errors import Conflict, NotFound, PvcError, StoreUnavailable
from tests.fakes.ensemble import FakeEnsemble

_STEP_SECONDS = 0.01


class FakeStore:
    """One session; connected from the start. Implements `cluster.store.store.Store`."""

    def __init__(self, ensemble: FakeEnsemble, clock: Clock = SYSTEM_CLOCK) -> None:
        self._ensemble = ensemble
        self._clock = clock
        self._watches = Watches()
        self._listeners: list[Callable[[Session], None]] = []
        self._held_back: list[_FakePending] | None = None
        self._is_closed = False
        self._is_expired = False
        self._session = Session(
            state=SessionState.CONNECTED, since=clock.now(), number=ensemble.new_session()
        )
        ensemble.listen(self._hear)

    # What tests do to it.

    def suspend(self) -> None:
        """Lose the connection; the session lives on."""
        self._become(SessionState.SUSPENDED, self._session.number)

    def resume(self) -> None:
        """Connect again: in the same session if it still lives, else in a new one."""
        number = self._session.number
        if self._is_expired:
            self._become(SessionState.ENDED, number)
            number = self._ensemble.new_session()
            self._is_expired = False
        self._become(SessionState.CONNECTED, number)
        for path in self._watches.wanted():
            for watched in self._watches.of(path):
                watched.callback(None)

    def expire(self) -> None:
        """Lose the connection for so long that the server ends the session.

        We only learn of it by `resume`, as with Zookeeper.
        """
        if self._session.state is SessionState.CONNECTED:
            self.suspend()
        self._is_expired = True
        self._ensemble.end_session(self._session.number)

    def hold_back(self) -> None:
        """Leave what is begun from now on under way until `deliver` or `lose`."""
        self._held_back = []

    def deliver(self) -> None:
        """Carry out what was held back."""
        for pending in self._held_back or ():
            pending.carry_out()
        self._held_back = None

    def lose(self) -> None:
        """Let what was held back fail without being carried out."""
        for pending in self._held_back or ():
            pending.fail(StoreUnavailable("the connection was lost"))
        self._held_back = None

    # The Store protocol.

    def session(self) -> Session:
        """Return what is known of our session."""
        return self._session

    def read(self, path: str, deadline: Deadline) -> Value | None:
        """Return what a key holds, None when it does not exist."""
        return self.read_many((path,), deadline)[path]

    def children(self, path: str, deadline: Deadline) -> tuple[str, ...] | None:
        """Return the sorted names below a key, None when the key does not exist."""
        return self.children_many((path,), deadline)[path]

    def read_many(self, paths: Sequence[str], deadline: Deadline) -> Mapping[str, Value | None]:
        """Return what many keys hold."""
        self._wait_connected(deadline)
        with self._ensemble.mutex:
            self._ensemble.requests += 1
            return {path: self._ensemble.value(path) for path in paths}

    def children_many(
        self, paths: Sequence[str], deadline: Deadline
    ) -> Mapping[str, tuple[str, ...] | None]:
        """Return the names below many keys."""
        self._wait_connected(deadline)
        with self._ensemble.mutex:
            self._ensemble.requests += 1
            return {path: self._ensemble.names(path) for path in paths}

    def apply(self, changes: Sequence[Change], deadline: Deadline) -> None:
        """Make all changes or none."""
        check_size(changes)
        self._wait_connected(deadline)
        self._ensemble.change(changes, self._session.number)

    def begin(self, changes: Sequence[Change]) -> Pending:
        """Start `apply` and return at once."""
        check_size(changes)
        if self._session.state is not SessionState.CONNECTED:
            raise StoreUnavailable("no connection with the store", state=self._session.state.value)
        pending = _FakePending(self._ensemble, tuple(changes), self._session.number)
        if self._held_back is None:
            pending.carry_out()
        else:
            self._held_back.append(pending)
        return pending

    def lock(self, path: str) -> "FakeLock":
        """Return the lock on an existing key."""
        return FakeLock(self, self._ensemble, check_path(path))

    def watch(self, path: str, callback: WatchCallback, *, recursive: bool = False) -> None:
        """Call back at each change, within the call that makes it."""
        self._watches.add(Watched(check_path(path), callback, recursive))
        if self._session.state is SessionState.CONNECTED:
            callback(None)

    def on_session(self, callback: Callable[[Session], None]) -> None:
        """Call back when the session changes."""
        self._listeners.append(callback)

    def close(self) -> None:
        """End the session at once."""
        if not self._is_closed:
            self._is_closed = True
            self._ensemble.end_session(self._session.number)
            self._become(SessionState.ENDED, self._session.number)

    def _hear(self, path: str) -> None:
        if self._session.state is SessionState.CONNECTED:
            self._watches.tell(path)

    def _wait_connected(self, deadline: Deadline) -> None:
        while self._session.state is not SessionState.CONNECTED:
            if self._is_closed or deadline.is_over:
                raise StoreUnavailable("no connection with the store")
            deadline.clock.sleep(min(_STEP_SECONDS, deadline.left()))

    def _become(self, state: SessionState, number: int) -> None:
        self._session = Session(state=state, since=self._clock.now(), number=number)
        for listener in tuple(self._listeners):
            listener(self._session)


class FakeLock:
    """An exclusive lock, of the same nodes as the real one."""

    def __init__(self, store: FakeStore, ensemble: FakeEnsemble, path: str) -> None:
        self._store = store
        self._ensemble = ensemble
        self._path = path
        self._held_session: int | None = None

    @contextlib.contextmanager
    def hold(self, deadline: Deadline) -> Iterator[None]:
        """Hold it for a `with` block."""
        self._store._wait_connected(deadline)
        session = self._store.session().number
        name = self._ensemble.create_numbered(self._path, new_prefix(), session)
        try:
            self._wait_turn(name, deadline)
            self._held_session = session
            yield
        finally:
            self._held_session = None
            # A session that has ended took the node with it.
            with contextlib.suppress(NotFound):
                self._ensemble.change([Delete(child_of(self._path, name))], session)

    def is_held(self) -> bool:
        """Whether it is ours for certain now."""
        session = self._store.session()
        return session.state is SessionState.CONNECTED and session.number == self._held_session

    def _wait_turn(self, name: str, deadline: Deadline) -> None:
        while True:
            self._store._wait_connected(deadline)
            nodes = in_order(self._ensemble.names(self._path) or ())
            if name not in nodes:
                raise StoreUnavailable(f"our place in the lock on {self._path} was removed")
            if nodes[0] == name:
                return
            if deadline.is_over:
                raise Conflict(f"the lock on {self._path} is held by another", path=self._path)
            deadline.clock.sleep(min(_STEP_SECONDS, deadline.left()))


class _FakePending:
    def __init__(self, ensemble: FakeEnsemble, changes: tuple[Change, ...], session: int) -> None:
        self._ensemble = ensemble
        self._changes = changes
        self._session = session
        self._is_done = False
        self._error: PvcError | None = None

    def carry_out(self) -> None:
        """Make the changes now."""
        self._is_done = True
        try:
            self._ensemble.change(self._changes, self._session)
        except PvcError as error:
            self._error = error

    def fail(self, error: PvcError) -> None:
        """Let it end with an error."""
        self._is_done = True
        self._error = error

    def is_done(self) -> bool:
        """Whether its outcome is known."""
        return self._is_done

    def check(self) -> None:
        """Raise what the transaction raised."""
        if self._error is not None:
            raise self._error

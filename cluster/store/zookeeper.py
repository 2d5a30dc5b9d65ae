"""The store on Zookeeper, through kazoo: one long-lived session of this process.

Invariant: no call outlives its deadline, whatever kazoo and Zookeeper do.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import cast

from kazoo.exceptions import NoNodeError
from kazoo.protocol.states import KeeperState

from cluster.store.caretaker import Caretaker
from cluster.store.kazoo_calls import Calls
from cluster.store.kazoo_client import Client
from cluster.store.kazoo_errors import KAZOO_ERRORS, translate
from cluster.store.kazoo_lock import KazooLock
from cluster.store.kazoo_requests import CHILD_EVENT, CREATED_EVENT, read_children, read_data
from cluster.store.lock_nodes import Leftovers
from cluster.store.paths import check_path
from cluster.store.session_tracker import SessionTracker
from cluster.store.store import (
    Change,
    Lock,
    Pending,
    Session,
    SessionState,
    Value,
    WatchCallback,
)
from cluster.store.transaction import Nothing, Underway, to_request
from cluster.store.watches import Watched, Watches
from runtime.clock import SYSTEM_CLOCK, Clock
from runtime.config.node import StoreSection
from runtime.deadline import Deadline
from runtime.log import get_logger

log = get_logger(__name__)

BATCH = 500
"""Keys in one multi-read; measured best of 100, 500 and 2,000."""


class ZookeeperStore:
    """Implements `cluster.store.store.Store`."""

    def __init__(self, section: StoreSection, clock: Clock = SYSTEM_CLOCK) -> None:
        self._call_seconds = section.call_seconds
        self._tracker = SessionTracker(clock)
        self._tracker.subscribe(_log_session)
        self._watches = Watches()
        self._client = Client(section, self._on_state, self._on_event)
        self._acl = self._client.default_acl
        self._calls = Calls(self._client, self._tracker)
        self._leftovers = Leftovers(self._calls, self._tracker)
        self._caretaker = Caretaker(
            self._calls,
            self._tracker,
            self._watches,
            self._leftovers,
            call_seconds=section.call_seconds,
        )

    def start(self, deadline: Deadline | None = None) -> None:
        """Begin to connect; wait for it only when a deadline is given."""
        self._caretaker.start()
        self._client.start_async()
        if deadline is not None:
            self._calls.wait_connected(deadline)

    def session(self) -> Session:
        """Return what is known of our session; never blocks."""
        return self._tracker.session

    def read(self, path: str, deadline: Deadline) -> Value | None:
        """Return what a key holds, None when it does not exist."""
        return self.read_many((path,), deadline)[path]

    def children(self, path: str, deadline: Deadline) -> tuple[str, ...] | None:
        """Return the sorted names below a key, None when the key does not exist."""
        return self.children_many((path,), deadline)[path]

    def read_many(self, paths: Sequence[str], deadline: Deadline) -> Mapping[str, Value | None]:
        """Return what many keys hold, in one burst."""
        found = self._read_burst(paths, deadline, read_data)
        return cast(dict[str, Value | None], found)

    def children_many(
        self, paths: Sequence[str], deadline: Deadline
    ) -> Mapping[str, tuple[str, ...] | None]:
        """Return the names below many keys, in one burst."""
        found = self._read_burst(paths, deadline, read_children)
        return cast(dict[str, tuple[str, ...] | None], found)

    def apply(self, changes: Sequence[Change], deadline: Deadline) -> None:
        """Make all changes or none."""
        request = to_request(changes, self._acl)
        self._calls.wait_connected(deadline)
        if changes:
            Underway(changes, self._calls.send(request)).wait(deadline.left())

    def begin(self, changes: Sequence[Change]) -> Pending:
        """Start `apply` and return at once; raises `StoreUnavailable` when not connected."""
        request = to_request(changes, self._acl)
        return Underway(changes, self._calls.send(request)) if changes else Nothing()

    def lock(self, path: str) -> Lock:
        """Return the lock on an existing key."""
        return KazooLock(
            check_path(path),
            self._calls,
            self._tracker,
            self._leftovers,
            acl=self._acl,
            release_seconds=self._call_seconds,
            on_leftover=self._caretaker.after_leftover,
        )

    def watch(self, path: str, callback: WatchCallback, *, recursive: bool = False) -> None:
        """Call back at each change, in kazoo's IO thread: the callback may only enqueue."""
        self._watches.add(Watched(check_path(path), callback, recursive))
        self._caretaker.after_watch()

    def on_session(self, callback: Callable[[Session], None]) -> None:
        """Call back when the session changes, in kazoo's IO thread: the callback only enqueues."""
        self._tracker.subscribe(callback)

    def close(self) -> None:
        """End the session at once; takes no longer than an ordinary call."""
        if self._tracker.is_closed:
            return
        self._tracker.close()
        self._caretaker.stop()
        # kazoo's own stop waits ten seconds and more when a server hangs.
        ending = threading.Thread(target=self._client.stop, name="store-close", daemon=True)
        ending.start()
        ending.join(self._call_seconds)

    def _read_burst(
        self, paths: Sequence[str], deadline: Deadline, to_read: Callable[[tuple[str, ...]], object]
    ) -> dict[str, object]:
        wanted = tuple(dict.fromkeys(check_path(path) for path in paths))
        batches = [wanted[i : i + BATCH] for i in range(0, len(wanted), BATCH)]
        what = wanted[0] if wanted else "nothing"
        answers = self._calls.read([to_read(batch) for batch in batches], deadline, what)
        found: dict[str, object] = {}
        for batch, answer in zip(batches, answers, strict=True):
            for path, result in zip(batch, answer, strict=True):
                if isinstance(result, Exception):
                    if not isinstance(result, NoNodeError):
                        raise translate(result, path, path=path) from result
                    found[path] = None
                else:
                    found[path] = result
        return found

    def _on_state(self, state: str) -> None:
        """Hear of kazoo's state, in its IO thread."""
        if state in (KeeperState.CONNECTED, KeeperState.CONNECTED_RO):
            self._tracker.connected(self._client._session_id)
            self._caretaker.after_connect()
        elif state == KeeperState.CONNECTING:
            self._tracker.suspended()
        elif state == KeeperState.EXPIRED_SESSION:
            self._tracker.ended("the session has expired")
        elif state == KeeperState.AUTH_FAILED:
            self._tracker.ended("the login was refused")
        elif not self._tracker.is_closed:  # closed by kazoo, not by us: its loop has ended
            if self._tracker.session.state is not SessionState.ENDED:
                self._tracker.ended("kazoo has given up")
            self._caretaker.after_failure(self._restart)

    def _restart(self) -> None:
        try:
            self._client.start_async()
        except KAZOO_ERRORS as error:
            log.warning("store_restart_failed", error=type(error).__name__)
            self._caretaker.after_failure(self._restart)

    def _on_event(self, kind: int, path: str) -> None:
        """Hear of a watch event, in kazoo's IO thread."""
        if CREATED_EVENT <= kind <= CHILD_EVENT:
            self._watches.tell(path)


def _log_session(session: Session) -> None:
    say = log.info if session.state is SessionState.CONNECTED else log.warning
    say("session_changed", state=session.state.value, number=f"{session.number:#x}")

"""The adapter's own thread: what a reconnect needs and kazoo's threads cannot wait for.

* It sets all watches again, because they end with the connection.
* It removes lock nodes whose creation or removal was cut off by a lost connection.
* It starts the client again when kazoo has given up for good (a refused login, an answer that
  kazoo cannot read), which would leave this process without a session for ever.
"""

import queue
import threading
from collections.abc import Callable
from typing import Final

from cluster.store.kazoo_calls import Calls
from cluster.store.kazoo_errors import KAZOO_ERRORS, NOT_CONNECTED
from cluster.store.kazoo_requests import PERSISTENT, PERSISTENT_RECURSIVE, AddWatch
from cluster.store.lock_nodes import Leftovers
from cluster.store.session_tracker import SessionTracker
from cluster.store.watches import Watches
from runtime.deadline import Deadline
from runtime.errors import PvcError, StoreUnavailable
from runtime.log import get_logger

log = get_logger(__name__)

_PAUSE_SECONDS: Final = 0.5


class Caretaker:
    """Takes one job after the other from its queue."""

    def __init__(
        self,
        calls: Calls,
        tracker: SessionTracker,
        watches: Watches,
        leftovers: Leftovers,
        *,
        call_seconds: float,
    ) -> None:
        self._calls = calls
        self._tracker = tracker
        self._watches = watches
        self._leftovers = leftovers
        self._call_seconds = call_seconds
        self._jobs: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._closing = threading.Event()
        self._set_on: dict[str, tuple[int, int]] = {}
        self._thread = threading.Thread(target=self._run, name="store", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End after the present job."""
        self._closing.set()
        self._jobs.put(None)

    def after_connect(self) -> None:
        """Do what a new connection needs."""
        self._jobs.put(self._set_watches)
        self._jobs.put(self._remove_leftovers)

    def after_watch(self) -> None:
        """Set what is watched since now."""
        self._jobs.put(self._set_watches)

    def after_leftover(self) -> None:
        """Remove what a lock has left behind."""
        self._jobs.put(self._remove_leftovers)

    def after_failure(self, restart: Callable[[], None]) -> None:
        """Start the client again after a pause."""

        def again() -> None:
            if not self._closing.wait(_PAUSE_SECONDS):
                restart()

        self._jobs.put(again)

    def _run(self) -> None:
        while (job := self._jobs.get()) is not None:
            if self._closing.is_set():
                return
            job()

    def _set_watches(self) -> None:
        connection = self._tracker.connections
        for path, recursive in self._watches.wanted().items():
            mode = PERSISTENT_RECURSIVE if recursive else PERSISTENT
            audience = len(self._watches.of(path))
            if self._set_on.get(path) == (connection, audience):
                continue
            if not self._set_watch(path, mode):
                return
            if self._tracker.if_still(connection, lambda p=path: self._announce(p)):  # type: ignore[misc]
                self._set_on[path] = (connection, audience)

    def _set_watch(self, path: str, mode: int) -> bool:
        if not self._tracker.is_connected:
            return False
        try:
            self._calls.write(AddWatch(path, mode), Deadline.after(self._call_seconds))
        except (StoreUnavailable, *NOT_CONNECTED):
            return False  # the next connection starts this anew
        except KAZOO_ERRORS as error:
            log.warning("watch_failed", path=path, error=type(error).__name__)
            if not self._closing.wait(_PAUSE_SECONDS):
                self._jobs.put(self._set_watches)
            return False
        return True

    def _announce(self, path: str) -> None:
        for watched in self._watches.of(path):
            watched.callback(None)

    def _remove_leftovers(self) -> None:
        try:
            self._leftovers.remove_all(Deadline.after(self._call_seconds))
        except PvcError as error:
            log.warning("lock_nodes_left", error=error)
            if self._tracker.is_connected and not self._closing.wait(_PAUSE_SECONDS):
                self._jobs.put(self._remove_leftovers)

"""The lines of VMs' consoles: the one thing that is read from the store for an answer.

They are no part of the mirror, which would be mostly consoles. Invariant: few are read at the same
time and none for long, so that a store that hangs does not occupy the threads of the server.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from cluster.model.log import Log
from cluster.records.log_fetch import fetch
from cluster.records.log_record import of_console
from cluster.schema.layout import Layout
from cluster.store.store import SessionState, Store
from runtime.clock import Clock
from runtime.deadline import Deadline
from runtime.errors import StoreUnavailable, Unavailable

AT_ONCE: Final = 2
"""A quarter of the server's threads; one read takes milliseconds."""
_PATIENCE_SECONDS: Final = 0.05
"""So long one waits for those who read."""
_READ_SECONDS: Final = 1.0


class TooManyReaders(Unavailable):
    """As many consoles are being read as may."""

    code = "too_many_readers"


class ConsoleReader:
    """Reads consoles."""

    def __init__(self, store: Store, layout: Layout, clock: Clock, *, call_seconds: float) -> None:
        self._store = store
        self._layout = layout
        self._clock = clock
        self._seconds = min(_READ_SECONDS, call_seconds)
        self._seats = threading.BoundedSemaphore(AT_ONCE)

    def log(self, vm: str, *, last: int | None, start: int = 0) -> Log:
        """Return the lines of a VM's console, by its UUID, from number `start` on, of these the
        last so many; raises `Unavailable`."""
        with self._seat():
            deadline = Deadline.after(self._seconds, self._clock)
            keys = of_console(self._layout, vm)
            return fetch(self._store, keys, deadline, last=last, start=start) or Log()

    @contextmanager
    def _seat(self) -> Iterator[None]:
        if self._store.session().state is not SessionState.CONNECTED:
            raise StoreUnavailable(
                "The consoles are kept in Zookeeper, which cannot be reached now; try again."
            )
        if not self._seats.acquire(timeout=_PATIENCE_SECONDS):
            raise TooManyReaders("Zookeeper answers slowly; try again.")
        try:
            yield
        finally:
            self._seats.release()

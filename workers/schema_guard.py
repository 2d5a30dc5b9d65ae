"""Keeps a worker's hands off a tree whose layout is not the one it was started for.

Invariant: it acts only while `/schema/version` is the version in its orders, as read in the
present session and since its last change. Otherwise it idles and says so: the root will restart
it with the right version.
"""

import threading
from collections.abc import Callable

from cluster.schema.layout import layout
from cluster.store.store import Session, SessionState, Store
from runtime.clock import Clock
from runtime.deadline import Deadline


class SchemaGuard:
    """Knows whether the tree speaks our version."""

    def __init__(
        self,
        store: Store,
        version: int,
        *,
        call_seconds: float,
        clock: Clock,
        wake: Callable[[], None],
    ) -> None:
        self._store = store
        self._version = version
        self._call_seconds = call_seconds
        self._clock = clock
        self._wake = wake
        self._path = layout(version).path("schema.version")
        self._must_read = threading.Event()
        self._must_read.set()
        self._reason = ""
        store.watch(self._path, self._changed)
        store.on_session(self._session_changed)

    def why_not(self) -> str:
        """Return why nothing may be done now, empty when all may; raises `Unavailable`."""
        session = self._store.session()
        if session.state is not SessionState.CONNECTED:
            # Asking would only wait; the session's coming wakes us.
            return f"store {session.state}"
        if self._must_read.is_set():
            # Taken down before the read: a change during it makes us read again.
            self._must_read.clear()
            try:
                self._reason = self._read()
            except BaseException:
                self._must_read.set()
                raise
        return self._reason

    def _read(self) -> str:
        value = self._store.read(self._path, Deadline.after(self._call_seconds, self._clock))
        found = value.data.decode(errors="replace").strip() if value else "missing"
        if found == str(self._version):
            return ""
        return f"schema is {found}, started for {self._version}"

    def _changed(self, _: str | None) -> None:
        self._must_read.set()
        self._wake()

    def _session_changed(self, _: Session) -> None:
        self._must_read.set()
        self._wake()

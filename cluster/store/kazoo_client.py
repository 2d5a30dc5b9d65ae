"""kazoo's client with the guards it lacks.

Invariants: nothing is ever queued while there is no connection; no caller ever blocks on handing
over a request; a TCP connect takes at most its own cap, not a whole session timeout; a server that
owes an answer for too long is left for the next one, however busy the connection is.
"""

import logging
import socket
import threading
from collections.abc import Callable
from typing import Any, Final

from kazoo.client import KazooClient
from kazoo.exceptions import ConnectionDropped, ConnectionLoss
from kazoo.handlers.threading import SequentialThreadingHandler
from kazoo.protocol.connection import ConnectionHandler
from kazoo.protocol.serialization import Watch
from kazoo.security import CREATOR_ALL_ACL

from cluster.store.silence import Silence
from runtime.clock import SYSTEM_CLOCK
from runtime.config.node import StoreSection
from runtime.log import get_logger

log = get_logger(__name__)

EventSeen = Callable[[int, str], None]
"""Receives kind and path of a watch event, in kazoo's IO thread."""

StateSeen = Callable[[str], None]
"""Receives kazoo's KeeperState, in kazoo's IO thread."""

# kazoo wakes its IO thread by one byte per request on a socket pair that blocks when full, at
# about 270 bytes. Below this number of requests a caller never blocks.
MOST_QUEUED: Final = 200

# Of the session timeout T: the server may have seen us last T/3 before it hung, our next request
# may come T/3 later, and a connection to another member must stand before T is over.
_SILENCE_SHARE: Final = 0.4


class Client(KazooClient):  # type: ignore[misc]  # kazoo is untyped
    """One long-lived session; reconnects by itself for as long as the process lives."""

    def __init__(self, section: StoreSection, on_state: StateSeen, on_event: EventSeen) -> None:
        self._gate = threading.RLock()
        self._on_state = on_state
        silence = Silence()
        handler = Handler(section.connect_timeout_seconds, silence)
        credential = f"{section.username}:{section.password}"
        super().__init__(
            hosts=",".join(section.hosts),
            timeout=section.session_timeout_seconds,
            handler=handler,
            connection_retry={"max_tries": -1, "delay": 0.05, "backoff": 1.5, "max_delay": 0.5},
            randomize_hosts=False,
            auth_data={("digest", credential)} if section.username else None,
            default_acl=CREATOR_ALL_ACL if section.username else None,
            logger=_kazoo_logger(),
        )
        self._connection = Connection(
            self, self._conn_retry.copy(), logger=self.logger, silence=silence, on_event=on_event
        )

    def send(self, request: Any) -> Any:
        """Hand over a request and return its AsyncResult; never blocks, never queues for later."""
        result = self.handler.async_result()
        self._call(request, result)
        return result

    def is_own_thread(self) -> bool:
        """Whether we run in one of kazoo's threads, where waiting for kazoo waits for ever."""
        return threading.get_ident() in self.handler.thread_numbers

    def _call(self, request: Any, async_object: Any) -> Any:
        with self._gate:
            if not self._live.is_set() or len(self._queue) >= MOST_QUEUED:
                async_object.set_exception(ConnectionLoss())
                return False
            return super()._call(request, async_object)

    def _session_callback(self, state: str) -> None:
        with self._gate:
            super()._session_callback(state)
            if not self._live.is_set():
                self._connection.drain()
        self._on_state(state)


class Handler(SequentialThreadingHandler):  # type: ignore[misc]  # kazoo is untyped
    """Threads, sockets and waiting for kazoo."""

    def __init__(self, connect_timeout_seconds: float, silence: Silence) -> None:
        super().__init__()
        self.thread_numbers: set[int] = set()
        self._connect_timeout_seconds = connect_timeout_seconds
        self._silence = silence

    def spawn(self, func: Callable[..., Any], *args: Any, **kwargs: Any) -> threading.Thread:
        """Run `func` in a thread that is known to be one of kazoo's."""

        def run() -> None:
            number = threading.get_ident()
            self.thread_numbers.add(number)
            try:
                func(*args, **kwargs)
            finally:
                self.thread_numbers.discard(number)

        thread = threading.Thread(target=run, name="kazoo", daemon=True)
        thread.start()
        return thread

    def create_connection(self, *args: Any, **kwargs: Any) -> Any:
        """Connect; kazoo would let one black hole take the whole session timeout."""
        asked = kwargs.get("timeout") or self._connect_timeout_seconds
        kwargs["timeout"] = min(asked, self._connect_timeout_seconds)
        return super().create_connection(*args, **kwargs)

    def select(
        self, reading: list[Any], writing: list[Any], failing: list[Any], timeout: float | None
    ) -> Any:
        """Wait for the connection, but not longer for an owed answer than it may take."""
        left = self._silence.left(SYSTEM_CLOCK.now())
        if left is not None:
            timeout = left if timeout is None else min(timeout, left)
        ready = super().select(reading, writing, failing, timeout)
        now = SYSTEM_CLOCK.now()
        if reading and reading[0] in ready[0]:  # kazoo names the server's socket first
            self._silence.heard(now)
        elif self._silence.left(now) == 0.0:
            raise ConnectionDropped("the server owes an answer for too long")
        return ready


class Connection(ConnectionHandler):  # type: ignore[misc]  # kazoo is untyped
    """One TCP connection after the other."""

    def __init__(
        self, client: Client, retry: Any, *, logger: Any, silence: Silence, on_event: EventSeen
    ) -> None:
        super().__init__(client, retry, logger=logger)
        self._silence = silence
        self._on_event = on_event

    def drain(self) -> None:
        """Forget the wake-ups of requests that were dropped with the connection."""
        if self._read_sock is None:
            return
        try:
            while self._read_sock.recv(4096, socket.MSG_DONTWAIT):
                pass
        except OSError:
            return

    def _connect(self, host: str, hostip: str, port: int) -> Any:
        self._silence.begin(self.client._session_timeout / 1000 * _SILENCE_SHARE)
        read_timeout, connect_timeout = super()._connect(host, hostip, port)
        granted_seconds = read_timeout * 1.5 / 1000
        self._silence.begin(granted_seconds * _SILENCE_SHARE)
        return read_timeout, connect_timeout

    def _submit(self, request: Any, timeout: float, xid: int | None = None) -> None:
        self._silence.asked(SYSTEM_CLOCK.now())
        super()._submit(request, timeout, xid)

    def _read_socket(self, read_timeout: float) -> Any:
        response = super()._read_socket(read_timeout)
        if not self.client._pending and not self.ping_outstanding.is_set():
            self._silence.settled()
        return response

    def _read_watch_event(self, buffer: bytes, offset: int) -> None:
        watch, _ = Watch.deserialize(buffer, offset)
        # kazoo's own one-time watches (a lock waiting for the one before it) come first.
        if watch.path in self.client._data_watchers:
            super()._read_watch_event(buffer, offset)
        self._on_event(watch.type, watch.path)


def _kazoo_logger() -> logging.Logger:
    """Return kazoo's logger, its lines turned into ours.

    While all members are down kazoo warns several times a second; we log the session's changes.
    """
    logger = logging.getLogger("kazoo")
    if not logger.handlers:
        logger.addHandler(_KazooLines())
        logger.propagate = False
        logger.setLevel(logging.WARNING)
    return logger


class _KazooLines(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info and record.exc_info[1]:
            log.exception("kazoo_failed", record.exc_info[1], text=record.getMessage())  # noqa: PLE1205 # our logger
        else:
            log.debug("kazoo_warned", text=record.getMessage())

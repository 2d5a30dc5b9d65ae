"""The HTTP server: waitress in a thread of its own, bounded in everything a client can ask for.

Reading requests and writing answers is done by one thread for all connections, so a slow client
holds a buffer and never one of the few threads that run handlers.
"""

import logging
import threading
from collections.abc import Callable
from typing import Any, Final

from waitress import wasyncore
from waitress.server import create_server

from api.channel import Channel
from runtime.deadline import Deadline

_THREADS: Final = 8
"""Handlers answer from memory; a few wait for the store's deadline in an order."""
_LOOK_SECONDS: Final = 0.25
"""How soon the server's thread notices that it is to end."""
_LIMITS: Final[dict[str, Any]] = {
    "threads": _THREADS,
    "backlog": 1024,
    "connection_limit": 500,
    "channel_timeout": 30,
    "cleanup_interval": 5,
    "max_request_header_size": 32 * 1024,
    "max_request_body_size": 4 * 1024 * 1024,
    "inbuf_overflow": 1 << 20,
    "outbuf_overflow": 1 << 20,
    "ident": "pvcapid",
    "clear_untrusted_proxy_headers": False,
    "expose_tracebacks": False,
}


class HttpServer:
    """Serves one application until it is stopped."""

    def __init__(self, application: Callable[..., Any], address: str, port: int) -> None:
        # Its queue says at warning how long it is, once for each request of a busy moment.
        logging.getLogger("waitress.queue").setLevel(logging.ERROR)
        self._map: dict[int, Any] = {}
        self._server = create_server(application, map=self._map, host=address, port=port, **_LIMITS)
        self._server.channel_class = Channel
        self._is_ending = threading.Event()
        self._has_stopped_accepting = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="http", daemon=True)

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self._server.effective_port)

    def connections(self) -> list[Channel]:
        """Return the connections there are."""
        return list(self._server.active_channels.values())

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def is_alive(self) -> bool:
        """Whether the server's thread still runs."""
        return self._thread.is_alive()

    def stop(self, deadline: Deadline) -> None:
        """Accept nothing more, let what is being answered end until the deadline, then close."""
        if not self.is_alive():
            return
        # In the server's own thread: a socket closed by another one, while it is polled, makes
        # waitress close everything, with the answers under way.
        self._server.trigger.pull_trigger(self._stop_accepting)
        self._has_stopped_accepting.wait(deadline.left())
        self._server.task_dispatcher.shutdown(cancel_pending=False, timeout=deadline.left())
        self._is_ending.set()
        self._server.pull_trigger()
        self._thread.join(max(deadline.left(), 2 * _LOOK_SECONDS))

    def _stop_accepting(self) -> None:
        # Not the server's close(): that takes away the trigger by which answers get out.
        self._server.accepting = False
        self._server.del_channel()
        self._server.socket.close()
        self._has_stopped_accepting.set()

    def _serve(self) -> None:
        while not (self._is_ending.is_set() and not self._has_output()):
            wasyncore.loop(timeout=_LOOK_SECONDS, map=self._map, use_poll=True, count=1)

    def _has_output(self) -> bool:
        return any(channel.total_outbufs_len for channel in self.connections())

"""Asks our own HTTP server for its root, so that the watchdog is told of what clients get."""

import socket
from typing import Final

from runtime.deadline import Deadline

_REQUEST: Final = b"GET /api/v1/ HTTP/1.0\r\nHost: localhost\r\n\r\n"
_GOOD: Final = b" 200 "
_EVERYWHERE: Final = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}
_SHORTEST_SECONDS: Final = 0.01


def answers(address: str, port: int, deadline: Deadline) -> bool:
    """Return whether the server at this address answers until the deadline."""
    target = (_EVERYWHERE.get(address, address), port)
    try:
        with socket.create_connection(target, max(deadline.left(), _SHORTEST_SECONDS)) as end:
            end.settimeout(max(deadline.left(), _SHORTEST_SECONDS))
            end.sendall(_REQUEST)
            return _GOOD in end.recv(256)
    except OSError:
        return False

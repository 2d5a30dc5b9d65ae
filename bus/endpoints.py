"""Where the bus is on this node, and how much its sockets hold before they drop."""

from pathlib import Path
from typing import Final

from runtime.errors import ConfigError

HIGH_WATER_MARK: Final = 2000
"""Messages a socket holds for a peer that does not keep up; more are dropped."""
RECONNECT_MILLISECONDS: Final = 20
"""How soon a socket tries again while the root is being replaced."""
_UNIX_PATH_BYTES: Final = 107


def entrance(directory: Path) -> Path:
    """Return the socket that senders connect to."""
    return _fitting(directory / "bus-in")


def outlet(directory: Path) -> Path:
    """Return the socket that receivers connect to."""
    return _fitting(directory / "bus-out")


def ipc(path: Path) -> str:
    """Return a socket's address as zmq writes it."""
    return f"ipc://{path}"


def _fitting(path: Path) -> Path:
    if len(str(path).encode()) > _UNIX_PATH_BYTES:
        raise ConfigError(f"{path} is too long for a socket; choose a shorter runtime directory")
    return path

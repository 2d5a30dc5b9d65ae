"""The bus itself: what comes in at one socket goes out at the other, to whom it concerns.

It runs in a thread of the root, all of it in C without the interpreter's lock, so a busy root does
not slow it. Invariant: it never blocks on a receiver (beyond its high-water mark that receiver
loses messages) and only this node's root user can reach its sockets.
"""

import contextlib
import stat
import threading
from pathlib import Path
from typing import Final

import zmq

from bus.codec import MAX_FRAME_BYTES
from bus.endpoints import HIGH_WATER_MARK, entrance, ipc, outlet
from runtime.errors import ConfigError
from runtime.log import get_logger

log = get_logger(__name__)

_STOP_SECONDS: Final = 1.0


class Forwarder:
    """Joins all senders with all receivers of this node."""

    def __init__(self, directory: Path) -> None:
        self._paths = (entrance(directory), outlet(directory))
        self._directory = directory
        self._context: zmq.Context[zmq.Socket[bytes]] | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Take the sockets over and forward from now on; raises `ConfigError` when it cannot."""
        context: zmq.Context[zmq.Socket[bytes]] = zmq.Context(io_threads=1)
        try:
            self._directory.mkdir(parents=True, exist_ok=True)
            self._directory.chmod(0o700)
            senders = _bound(context, zmq.XSUB, self._paths[0])
            receivers = _bound(context, zmq.XPUB, self._paths[1])
        except OSError as error:
            context.destroy(linger=0)
            raise ConfigError(f"the bus cannot use {self._directory}: {error}") from error
        self._context = context
        self._thread = threading.Thread(
            target=_forward, args=(senders, receivers), name="bus", daemon=True
        )
        self._thread.start()

    def is_running(self) -> bool:
        """Whether messages are being forwarded."""
        return self._thread is not None and self._thread.is_alive()

    def stop(self) -> None:
        """End within a bounded time and remove the sockets."""
        if self._context is None or self._thread is None:
            return
        # term() waits for the thread to close its sockets: bounded only outside this thread.
        ending = threading.Thread(target=self._context.term, name="bus-end", daemon=True)
        ending.start()
        for thread in (ending, self._thread):
            thread.join(_STOP_SECONDS)
        self._context = self._thread = None
        for path in self._paths:
            path.unlink(missing_ok=True)


def _bound(context: "zmq.Context[zmq.Socket[bytes]]", kind: int, path: Path) -> "zmq.Socket[bytes]":
    end = context.socket(kind)
    end.setsockopt(zmq.LINGER, 0)
    end.setsockopt(zmq.MAXMSGSIZE, MAX_FRAME_BYTES)
    end.setsockopt(zmq.RCVHWM, HIGH_WATER_MARK)
    end.setsockopt(zmq.SNDHWM, HIGH_WATER_MARK)
    with contextlib.suppress(FileNotFoundError):
        if stat.S_ISSOCK(path.lstat().st_mode):
            path.unlink()
        else:
            raise FileExistsError(f"{path} is not a socket")
    # zmq.ZMQError is no OSError.
    try:
        end.bind(ipc(path))
    except zmq.ZMQError as error:
        raise OSError(error.errno, str(error)) from error
    path.chmod(0o600)
    return end


def _forward(senders: "zmq.Socket[bytes]", receivers: "zmq.Socket[bytes]") -> None:
    try:
        zmq.proxy(senders, receivers)
    except zmq.ContextTerminated:
        return
    except zmq.ZMQError as error:
        log.error("bus_ended", error=error)
    finally:
        senders.close(linger=0)
        receivers.close(linger=0)

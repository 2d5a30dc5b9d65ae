"""How one connection is served: waitress's ways, changed where ours differ.

Invariants: a call that waits holds no thread, and its client's going away is noticed; an answer in
pieces is neither copied nor held up by a slow client; every refusal is JSON.
"""

import json
from typing import Any, Final

from waitress.buffers import ReadOnlyFileBasedBuffer
from waitress.channel import HTTPChannel
from waitress.task import ErrorTask, WSGITask

from api.errors import plain
from api.parking import ENDED, PARK
from api.pieces import Pieces
from api.waiting_room import Seat, WaitingRoom

_SENT_AT_ONCE: Final = 1 << 18


class _JsonError(ErrorTask):  # type: ignore[misc]
    """What waitress itself refuses (too large, not HTTP), in the form that clients read."""

    def execute(self) -> None:
        """Write the answer (waitress's interface)."""
        error = self.request.error
        body = json.dumps({"message": plain(str(error.body).strip() or error.reason)}).encode()
        self.status = f"{error.code} {error.reason}"
        self.response_headers.append(("Content-Type", "application/json; charset=utf-8"))
        self.set_close_on_finish()
        self.content_length = len(body)
        self.write(body)


class _Parked(BaseException):
    """Leaves waitress's way of serving a request in the middle: its answer comes later. No
    `Exception`, because waitress would answer that."""

    def __init__(self, room: WaitingRoom[Any], seat: Seat[Any]) -> None:
        super().__init__()
        self.room = room
        self.seat = seat


class _Task(WSGITask):  # type: ignore[misc]
    """One request; that of a call that has waited is served a second time."""

    _parked: _Parked | None = None

    def get_environment(self) -> dict[str, Any]:
        """Return what the application is told (waitress's interface)."""
        environ: dict[str, Any] = super().get_environment()
        environ[PARK] = self._park
        environ["wsgi.file_wrapper"] = _Outgoing
        environ[ENDED], self.channel.ended = self.channel.ended, None
        return environ

    def finish(self) -> None:
        """End the request (waitress's interface)."""
        if self._parked is not None:
            raise self._parked
        super().finish()

    def _park(self, room: WaitingRoom[Any], seat: Seat[Any]) -> None:
        self._parked = _Parked(room, seat)


class _Outgoing(ReadOnlyFileBasedBuffer):  # type: ignore[misc]
    """Pieces on their way to a client. Waitress's own buffers would copy them, beyond a megabyte
    into a file, and hold the thread beyond sixteen."""

    def __init__(self, pieces: Pieces, _block_size: int = 0) -> None:
        super().__init__(pieces)
        self._sending = memoryview(b"")

    def prepare(self, _size: int | None = None) -> int:
        """Return how much there is to be sent (waitress's interface)."""
        self.remain = len(self.file)
        return self.remain

    def get(self, _most: int = -1, _skip: bool = False) -> memoryview:
        """Return what is to be sent next (waitress's interface)."""
        if not self._sending:
            self._sending = memoryview(self.file.read(_SENT_AT_ONCE))
        return self._sending

    def skip(self, numbytes: int, _allow_prune: bool = False) -> None:
        """Forget what was sent (waitress's interface)."""
        self._sending = self._sending[numbytes:]
        self.remain -= numbytes


class Channel(HTTPChannel):  # type: ignore[misc]
    """One connection. While its request waits it holds no thread, and is still listened to, so that
    a client who goes away is noticed."""

    error_task_class = _JsonError
    task_class = _Task
    ended: Any = None
    """The answer to the request that has waited."""
    _parked: _Parked | None = None

    def service(self) -> None:
        """Serve the next request (waitress's interface)."""
        try:
            super().service()
        except _Parked as parked:
            self._parked = parked
            parked.room.take(parked.seat, self._resume)
            if not self.connected:  # it has gone away before it sat down
                parked.room.leave(parked.seat)

    def readable(self) -> bool:
        """Say whether to listen (waitress's interface)."""
        if self._parked is None:
            return bool(super().readable())
        return len(self.requests) <= 1 and not (self.will_close or self.close_when_flushed)

    def handle_close(self) -> None:
        """Close the connection (waitress's interface)."""
        super().handle_close()
        if self._parked is not None:
            self._parked.room.leave(self._parked.seat)

    def _resume(self, answer: Any) -> None:
        # In the room's own thread: while the server ends its own threads serve nothing new.
        self._parked, self.ended = None, answer
        self.service()

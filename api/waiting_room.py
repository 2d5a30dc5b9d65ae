"""Where calls wait whose answer takes time: none of them holds a thread.

A call that waits is a seat here: a look at the mirror that says whether the answer is known, asked
again after each change, and what sends that answer. One thread looks for all of them, so fifty
waiting clients cost the others nothing. Invariants: there are never more seats than `SEATS`; each
seat ends, with its answer, at its deadline, when its client has gone, or when the room is closed.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

from runtime.clock import Clock
from runtime.deadline import Deadline
from runtime.errors import Unavailable

SEATS: Final = 100
_PACE_SECONDS: Final = 0.05
"""The pause between two looks at a tree that changes all the time."""

_R = TypeVar("_R")


class RoomFull(Unavailable):
    """As many calls wait as may."""

    code = "too_many_waiting"


class RoomClosed(Unavailable):
    """This process ends; what was ordered goes on."""

    code = "api_ending"


class StillUnderWay(Unavailable):
    """The time of a wait is over before the work is; the order stands."""

    code = "still_under_way"


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit(Generic[_R]):
    """What is waited for, and for how long; its functions are called by the room's thread and may
    neither wait nor raise."""

    look: Callable[[], _R | None]
    """Return the answer once it is known."""
    refuse: Callable[[Unavailable], _R]
    """Return the answer that there will be none."""
    seconds: float
    what: str
    """For the refusal at the deadline: `vm1 to be off`."""


@dataclass(slots=True, eq=False)
class Seat(Generic[_R]):
    """One call that waits, or is about to."""

    visit: Visit[_R]
    deadline: Deadline
    send: Callable[[_R], None] | None = field(default=None)


class WaitingRoom(Generic[_R]):
    """All calls that wait."""

    def __init__(self, clock: Clock, seats: int = SEATS) -> None:
        self._clock = clock
        self._most = seats
        self._lock = threading.Lock()
        self._seats: set[Seat[_R]] = set()
        self._news = threading.Event()
        self._is_closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="waiting-room", daemon=True)

    def open(self) -> None:
        """Begin to look."""
        self._thread.start()

    def close(self, deadline: Deadline) -> None:
        """Send everybody away with an answer, and take nobody in."""
        with self._lock:
            self._is_closing.set()
        self._news.set()
        if self._thread.is_alive():
            self._thread.join(deadline.left())

    def __len__(self) -> int:
        return len(self._seats)

    def reserve(self, visit: Visit[_R]) -> Seat[_R]:
        """Return a seat that nobody else gets; raises `RoomFull` or `RoomClosed`."""
        seat = Seat(visit, Deadline.after(visit.seconds, self._clock))
        with self._lock:
            if self._is_closing.is_set():
                raise _closed()
            if len(self._seats) >= self._most:
                raise RoomFull(
                    f"{self._most} calls wait already. Give the order without waiting, or look at "
                    "its progress from time to time."
                )
            self._seats.add(seat)
        return seat

    def take(self, seat: Seat[_R], send: Callable[[_R], None]) -> None:
        """Sit down: from now on `send` is called with the answer, once."""
        with self._lock:
            seat.send = send
            is_closing = self._is_closing.is_set()
        if is_closing:
            self._dismiss(seat, seat.visit.refuse(_closed()))
        self._news.set()

    def leave(self, seat: Seat[_R]) -> None:
        """Give a seat back without an answer; nothing when it has ended."""
        with self._lock:
            self._seats.discard(seat)

    def look_again(self) -> None:
        """Something has changed; returns at once."""
        if self._seats:
            self._news.set()

    def _run(self) -> None:
        while not self._is_closing.is_set():
            self._news.wait(self._until_next_deadline())
            self._news.clear()
            self._round(_judged)
            self._is_closing.wait(_PACE_SECONDS)
        self._round(lambda seat: seat.visit.refuse(_closed()))

    def _round(self, judge: Callable[[Seat[_R]], _R | None]) -> None:
        with self._lock:
            # Whoever does not sit down until his time is over never will.
            self._seats -= {s for s in self._seats if s.send is None and s.deadline.is_over}
            seated = [seat for seat in self._seats if seat.send is not None]
        for seat in seated:
            answer = judge(seat)
            if answer is not None:
                self._dismiss(seat, answer)

    def _dismiss(self, seat: Seat[_R], answer: _R) -> None:
        with self._lock:
            is_there = seat in self._seats
            self._seats.discard(seat)
        if is_there and seat.send is not None:
            seat.send(answer)

    def _until_next_deadline(self) -> float | None:
        with self._lock:
            return min((seat.deadline.left() for seat in self._seats), default=None)


def _judged(seat: Seat[_R]) -> _R | None:
    answer = seat.visit.look()
    if answer is None and seat.deadline.is_over:
        waited = f"{seat.visit.seconds:.0f} s"
        answer = seat.visit.refuse(
            StillUnderWay(f"Waited {waited} for {seat.visit.what}; the order stands and goes on.")
        )
    return answer


def _closed() -> RoomClosed:
    return RoomClosed("This API process ends; what was ordered goes on. Ask for its state again.")

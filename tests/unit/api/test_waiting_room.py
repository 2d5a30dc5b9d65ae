"""Calls that wait: each ends once, and none needs a thread."""

import queue
import threading
from typing import Any

import pytest

from api.waiting_room import RoomClosed, RoomFull, StillUnderWay, Visit, WaitingRoom
from runtime.clock import SYSTEM_CLOCK
from runtime.deadline import Deadline

FOREVER = 1000.0


class Awaited:
    """Something that is known some day."""

    def __init__(self, seconds: float = FOREVER) -> None:
        self.value: Any = None
        self.looks = 0
        self.visit: Visit[Any] = Visit(
            look=self._look, refuse=lambda error: error, seconds=seconds, what="rain"
        )

    def _look(self) -> Any:
        self.looks += 1
        return self.value


@pytest.fixture
def room() -> Any:
    opened = WaitingRoom[Any](SYSTEM_CLOCK, seats=3)
    opened.open()
    yield opened
    opened.close(Deadline.after(10))


def seated(room: WaitingRoom[Any], awaited: Awaited) -> "queue.Queue[Any]":
    answers: queue.Queue[Any] = queue.Queue()
    room.take(room.reserve(awaited.visit), answers.put)
    return answers


def test_it_ends_when_the_answer_is_known(room: WaitingRoom[Any]) -> None:
    awaited = Awaited()
    answers = seated(room, awaited)
    with pytest.raises(queue.Empty):
        answers.get(timeout=0.2)
    awaited.value = "rain"
    room.look_again()
    assert answers.get(timeout=10) == "rain"
    assert len(room) == 0


def test_what_came_true_before_it_sat_down_is_seen(room: WaitingRoom[Any]) -> None:
    awaited = Awaited()
    seat = room.reserve(awaited.visit)
    awaited.value = "rain"
    room.look_again()
    answers: queue.Queue[Any] = queue.Queue()
    room.take(seat, answers.put)
    assert answers.get(timeout=10) == "rain"


def test_it_ends_at_its_deadline(room: WaitingRoom[Any]) -> None:
    answers = seated(room, Awaited(seconds=0.2))
    error = answers.get(timeout=10)
    assert isinstance(error, StillUnderWay)
    assert "rain" in error.message


def test_a_full_room_refuses(room: WaitingRoom[Any]) -> None:
    awaited = Awaited()
    answers = [seated(room, awaited) for _ in range(3)]
    with pytest.raises(RoomFull):
        room.reserve(awaited.visit)
    awaited.value = "rain"
    room.look_again()
    assert [one.get(timeout=10) for one in answers] == ["rain"] * 3
    assert room.reserve(awaited.visit)


def test_whoever_leaves_gets_nothing_and_frees_the_seat(room: WaitingRoom[Any]) -> None:
    awaited = Awaited()
    answers: queue.Queue[Any] = queue.Queue()
    seat = room.reserve(awaited.visit)
    room.take(seat, answers.put)
    room.leave(seat)
    room.leave(seat)
    awaited.value = "rain"
    other = seated(room, awaited)
    assert other.get(timeout=10) == "rain"
    assert answers.empty()
    assert len(room) == 0


def test_a_seat_that_nobody_takes_is_given_away_in_the_end(room: WaitingRoom[Any]) -> None:
    for _ in range(3):
        room.reserve(Awaited(seconds=0.05).visit)
    gone = threading.Event()
    while len(room) and not gone.wait(0.02):
        room.look_again()
    assert len(room) == 0


def test_closing_sends_everybody_away() -> None:
    room = WaitingRoom[Any](SYSTEM_CLOCK)
    room.open()
    answers = seated(room, Awaited())
    late = room.reserve(Awaited().visit)
    room.close(Deadline.after(10))
    assert isinstance(answers.get(timeout=10), RoomClosed)
    with pytest.raises(RoomClosed):
        room.reserve(Awaited().visit)
    afterwards: queue.Queue[Any] = queue.Queue()
    room.take(late, afterwards.put)
    assert isinstance(afterwards.get(timeout=10), RoomClosed)


def test_many_changes_are_looked_at_together(room: WaitingRoom[Any]) -> None:
    awaited = Awaited()
    answers = seated(room, awaited)
    for _ in range(2000):
        room.look_again()
    awaited.value = "rain"
    room.look_again()
    assert answers.get(timeout=10) == "rain"
    assert awaited.looks < 100

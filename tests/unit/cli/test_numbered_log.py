"""Following a log by the numbers of its lines: nothing lost, nothing twice."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.numbered_log import Batch, batch, follow
from runtime.clock import Instant
from runtime.errors import Refused, Unavailable


def body(lines: list[str], first: int) -> dict[str, Any]:
    return {"data": "\n".join(lines), "first": first, "next": first + len(lines)}


def test_the_first_answer_is_shown_whole() -> None:
    assert batch(body(["a", "b"], 7), None) == Batch(lines=("a", "b"), next=9)


def test_what_was_shown_is_not_shown_again() -> None:
    assert batch(body(["a", "b", "c"], 7), 9).lines == ("c",)
    assert batch(body([], 9), 9) == Batch(lines=(), next=9)


def test_an_empty_line_is_a_line() -> None:
    assert batch(body([""], 9), 9).lines == ("",)


def test_dropped_lines_are_counted() -> None:
    assert batch(body(["x"], 12), 9) == Batch(lines=("x",), next=13, missed=3)


def test_a_log_that_was_emptied_begins_anew() -> None:
    assert batch(body(["x"], 1), 9) == Batch(lines=("x",), next=2, began_anew=True)


def test_an_api_without_numbers_cannot_be_followed() -> None:
    with pytest.raises(Refused, match="does not number"):
        batch({"data": "a\nb"}, None)


def test_control_characters_do_not_reach_the_terminal() -> None:
    assert batch(body(["a\x1b[2Jb\tc"], 1), None).lines == ("a [2Jb\tc",)


@given(
    st.lists(st.integers(0, 5), min_size=1, max_size=20),
    st.lists(st.integers(0, 3), min_size=1, max_size=20),
)
def test_every_line_comes_once(growth: list[int], back: list[int]) -> None:
    """The server may answer from before what was asked for: a proxy, an older answer."""
    log: list[str] = []
    shown: list[str] = []
    wanted: int | None = None
    for number, more in enumerate(growth):
        log += [f"line {len(log) + i}" for i in range(more)]
        first = 0 if wanted is None else max(0, wanted - back[number % len(back)])
        new = batch(body(log[first:], first), wanted)
        assert not new.missed
        shown += new.lines
        wanted = new.next
    assert shown == log


class Interrupting:
    """A clock in which somebody presses Ctrl-C after so many sleeps."""

    def __init__(self, sleeps: int) -> None:
        self.left = sleeps

    def now(self) -> Instant:
        return Instant(0.0)

    def wall(self) -> datetime:
        return datetime(2030, 1, 1, tzinfo=UTC)

    def sleep(self, seconds: float) -> None:
        self.left -= 1
        if self.left <= 0:
            raise KeyboardInterrupt


def test_following_goes_on_over_an_outage() -> None:
    down = Unavailable("starting")
    answers: list[dict[str, Any] | Unavailable] = [
        body(["a", "b"], 0),
        body([], 2),
        down,
        down,
        body(["c"], 2),
        body(["f"], 5),
        down,
    ]
    asked: list[int | None] = []
    said: list[str] = []
    told: list[str] = []

    def fetch(since: int | None) -> dict[str, Any]:
        asked.append(since)
        answer = answers[len(asked) - 1]
        if isinstance(answer, Unavailable):
            raise answer
        return answer

    with pytest.raises(KeyboardInterrupt):
        follow(fetch, said.append, told.append, Interrupting(len(answers)))
    assert said == ["a", "b", "c", "f"]
    assert asked == [None, 2, 2, 2, 2, 3, 6]
    assert told == [
        "(waiting: starting)",
        "(2 lines were dropped before they could be read)",
        "(waiting: starting)",
    ]


def test_an_api_that_is_down_from_the_start_is_an_error() -> None:
    def fetch(_: int | None) -> dict[str, Any]:
        raise Unavailable("down")

    with pytest.raises(Unavailable):
        follow(fetch, print, print, Interrupting(3))

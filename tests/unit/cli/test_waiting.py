"""Waiting: until the end, over outages, and its interruption is not the order's."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

import click
import pytest

from cli.session import Session
from cli.waiting import Look, wait
from runtime.clock import Instant
from runtime.errors import Refused, Unavailable


@dataclass
class Impatient:
    """A clock that does not wait; interrupts after so many sleeps."""

    interrupts_after: int = 1000
    slept: list[float] = field(default_factory=list)

    def now(self) -> Instant:
        return Instant(0.0)

    def wall(self) -> datetime:
        return datetime(2030, 1, 1, tzinfo=UTC)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        if len(self.slept) > self.interrupts_after:
            raise KeyboardInterrupt


def waited(clock: Impatient, *given: Look | Exception) -> str:
    left = list(given)

    def ask() -> Look:
        one = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(one, Exception):
            raise one
        return one

    return wait(Session(connection="x"), ask, "It goes on.", clock)


UNDER_WAY = Look(text="half", current=1, total=2)


def test_the_end_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    clock = Impatient()
    assert waited(clock, UNDER_WAY, UNDER_WAY, Look(text="all", is_done=True)) == "all"
    assert len(clock.slept) == 2
    assert capsys.readouterr().err == "[############............] 1/2 half\n"


def test_a_failure_is_a_refusal() -> None:
    with pytest.raises(Refused, match="no room"):
        waited(Impatient(), UNDER_WAY, Look(text="", failure="no room"))


def test_an_outage_of_the_api_is_waited_for(capsys: pytest.CaptureFixture[str]) -> None:
    gone = Unavailable("nobody answers")
    assert waited(Impatient(), UNDER_WAY, gone, gone, Look(text="all", is_done=True)) == "all"
    assert "(waiting: nobody answers)" in capsys.readouterr().err


def test_an_error_that_does_not_pass_ends_the_waiting() -> None:
    with pytest.raises(Refused, match="gone"):
        waited(Impatient(), UNDER_WAY, Refused("gone"))


def test_an_interruption_says_that_the_order_goes_on(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(click.exceptions.Exit) as ended:
        waited(Impatient(interrupts_after=3), UNDER_WAY)
    assert ended.value.exit_code == 1
    assert capsys.readouterr().err.endswith("No longer waiting. It goes on.\n")

"""Time as an argument: what is left of a deadline, with a clock of the test's own."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from runtime.clock import SYSTEM_CLOCK, Instant, SystemClock, later
from runtime.deadline import Deadline
from runtime.errors import DeadlineExceeded


@dataclass
class Watch:
    """A clock that stands still until it is told."""

    at: float = 100.0
    slept: list[float] = field(default_factory=list)

    def now(self) -> Instant:
        return Instant(self.at)

    def wall(self) -> datetime:
        return datetime(2030, 1, 1, tzinfo=UTC)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.at += seconds


def test_the_system_clock_runs_forwards_and_knows_utc() -> None:
    first = SYSTEM_CLOCK.now()
    SYSTEM_CLOCK.sleep(-1)
    SYSTEM_CLOCK.sleep(0.001)
    assert SYSTEM_CLOCK.now() > first
    assert SystemClock().wall().tzinfo is UTC
    assert later(Instant(1.0), 2.5) == 3.5


def test_what_is_left_shrinks_and_is_never_negative() -> None:
    watch = Watch()
    deadline = Deadline.after(5.0, watch)
    watch.at += 3
    assert deadline.left() == 2.0
    assert not deadline.is_over
    deadline.check("it")
    watch.at += 3
    assert deadline.left() == 0.0
    assert deadline.is_over


def test_an_exceeded_deadline_names_what_was_late() -> None:
    watch = Watch()
    deadline = Deadline.after(0.0, watch)
    with pytest.raises(DeadlineExceeded, match="the call did not end in time"):
        deadline.check("the call")


def test_a_part_never_gets_more_than_the_whole() -> None:
    watch = Watch()
    deadline = Deadline.after(5.0, watch)
    assert deadline.at_most(2.0).left() == 2.0
    assert deadline.at_most(9.0).left() == 5.0

"""Deadlines and waiting on conditions; the only place of the testbed that sleeps."""

import time
from collections.abc import Callable
from typing import TypeVar

from testbed.errors import WaitedTooLong

T = TypeVar("T")
POLL_SECONDS = 0.1


class Deadline:
    """A moment on the monotonic clock that a wait must not pass."""

    def __init__(self, seconds: float) -> None:
        """Start a deadline that many seconds from now."""
        self._end = time.monotonic() + seconds

    def left(self) -> float:
        """Return the seconds left, never less than 0."""
        return max(0.0, self._end - time.monotonic())


class Stopwatch:
    """How long something has taken so far."""

    def __init__(self) -> None:
        """Start now."""
        self._start = time.monotonic()

    def seconds(self) -> float:
        """Return the seconds since the start."""
        return time.monotonic() - self._start


def wait_until(
    condition: Callable[[], T],
    seconds: float,
    what: str,
    poll_seconds: float = POLL_SECONDS,
) -> T:
    """Return the condition's first true value, or raise WaitedTooLong naming what was awaited."""
    deadline = Deadline(seconds)
    while True:
        value = condition()
        if value:
            return value
        if deadline.left() == 0.0:
            raise WaitedTooLong(f"waited {seconds:g} s for {what}, in vain")
        time.sleep(min(poll_seconds, deadline.left()))

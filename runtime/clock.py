"""The only place that reads a clock or sleeps.

Decisions use `now()` (monotonic, this host only); people are shown `wall()` (UTC). No decision
compares wall times of two hosts.
"""

import time
from datetime import UTC, datetime
from typing import Final, NewType, Protocol

Instant = NewType("Instant", float)
"""A point on this host's monotonic clock, in seconds."""

LONG_AGO: Final = Instant(float("-inf"))
"""Earlier than anything: what has not happened yet, and is due at once."""
NEVER: Final = Instant(float("inf"))
"""Later than anything."""


class Clock(Protocol):
    """Where time comes from; the simulator and the tests bring their own."""

    def now(self) -> Instant:
        """Return this host's monotonic time."""

    def wall(self) -> datetime:
        """Return the time of day in UTC, for people only."""

    def sleep(self, seconds: float) -> None:
        """Let `seconds` pass."""


class SystemClock:
    """The clock of this machine."""

    def now(self) -> Instant:
        """Return CLOCK_MONOTONIC in seconds."""
        return Instant(time.monotonic())

    def wall(self) -> datetime:
        """Return the time of day in UTC."""
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        """Sleep for `seconds`, not at all when negative."""
        if seconds > 0:
            time.sleep(seconds)


SYSTEM_CLOCK = SystemClock()


def later(start: Instant, seconds: float) -> Instant:
    """Return the instant `seconds` after `start`."""
    return Instant(start + seconds)

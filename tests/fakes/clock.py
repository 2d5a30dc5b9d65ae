"""A clock that moves only when told to, and what is to happen on its way."""

import heapq
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from runtime.clock import Instant

_START = datetime(2030, 1, 1, tzinfo=UTC)


class FakeClock:
    """Implements `runtime.clock.Clock`."""

    def __init__(self, start: float = 1000.0) -> None:
        self._now = self._start = start
        self._planned: list[tuple[float, int, Callable[[], None]]] = []
        self._count = 0

    def now(self) -> Instant:
        return Instant(self._now)

    def wall(self) -> datetime:
        return _START + timedelta(seconds=self._now - self._start)

    def sleep(self, seconds: float) -> None:
        self.move_to(self._now + seconds)

    def at(self, instant: float, happen: Callable[[], None]) -> None:
        """Let something happen when the clock comes to an instant."""
        self._count += 1
        heapq.heappush(self._planned, (instant, self._count, happen))

    def next_planned(self) -> Instant | None:
        """When the next planned thing happens."""
        return Instant(self._planned[0][0]) if self._planned else None

    def move_to(self, instant: float) -> None:
        """Move forward; what was planned until then happens in order."""
        while self._planned and self._planned[0][0] <= instant:
            at, _, happen = heapq.heappop(self._planned)
            self._now = max(self._now, at)
            happen()
        self._now = max(self._now, instant)

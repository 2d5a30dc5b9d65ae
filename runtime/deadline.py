"""How long a blocking call may still take.

Every blocking call takes a `Deadline` and passes on what is left of it, so that a chain of calls
ends when its caller said, not when each link's own patience ends.
"""

from dataclasses import dataclass

from runtime.clock import SYSTEM_CLOCK, Clock, Instant, later
from runtime.errors import DeadlineExceeded


@dataclass(frozen=True, slots=True)
class Deadline:
    """An instant after which nobody waits any more."""

    at: Instant
    clock: Clock = SYSTEM_CLOCK

    @classmethod
    def after(cls, seconds: float, clock: Clock = SYSTEM_CLOCK) -> "Deadline":
        """Return the deadline `seconds` from now."""
        return cls(later(clock.now(), seconds), clock)

    def left(self) -> float:
        """Return the seconds left, never negative."""
        return max(0.0, self.at - self.clock.now())

    @property
    def is_over(self) -> bool:
        """Whether nothing is left."""
        return self.clock.now() >= self.at

    def check(self, what: str) -> None:
        """Raise `DeadlineExceeded` naming `what` when nothing is left."""
        if self.is_over:
            raise DeadlineExceeded(f"{what} did not end in time", what=what)

    def at_most(self, seconds: float) -> "Deadline":
        """Return this deadline, or the one `seconds` from now if that is earlier."""
        return Deadline(min(self.at, later(self.clock.now(), seconds)), self.clock)

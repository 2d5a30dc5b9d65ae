"""When beats are due; pure.

Invariant: slots are the multiples of the interval on this host's monotonic clock, whoever restarts
and whenever. So beats never drift; after a pause the slots that went by are left out, not caught
up; and the number of the slot serves as the beat's count, which moves on over a restart.
"""

import math

from runtime.clock import Instant


def slot_at(now: Instant, interval_seconds: float) -> int:
    """Return the number of the slot we are in."""
    return math.floor(now / interval_seconds)


def next_slot(now: Instant, interval_seconds: float) -> Instant:
    """Return when the next slot begins."""
    return Instant((slot_at(now, interval_seconds) + 1) * interval_seconds)

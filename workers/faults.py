"""Conditions that a worker reports as faults, and when each is reported again; pure.

A fault is made once; its report follows when what it says changes, and once a minute while it
lasts. When it is over nothing is written: its last report grows old, and people close it.
"""

from dataclasses import dataclass
from typing import Final

from runtime.clock import Instant

REPORT_SECONDS: Final = 60.0
"""A fault that lasts is reported again after this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """Something wrong now."""

    fault: str
    health_delta: int
    message: str


def is_due(condition: Condition, told: Condition | None, told_at: Instant, now: Instant) -> bool:
    """Whether a condition is to be reported, `told` having been reported last."""
    return told != condition or now - told_at >= REPORT_SECONDS

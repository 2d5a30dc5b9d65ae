"""What console sees in one round."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """How the node's log stands."""

    waiting: int
    """Lines that are not stored yet."""
    dropped: int
    """Lines lost since the start."""
    next_number: int

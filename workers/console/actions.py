"""Everything console can do."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Store:
    """Add what is waiting to the node's log."""


@dataclass(frozen=True, slots=True)
class TellFacts:
    """Tell keepalive how the log stands."""

    next_number: int
    dropped: int


Action = Store | TellFacts

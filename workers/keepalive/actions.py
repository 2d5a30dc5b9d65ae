"""Everything keepalive can do."""

from dataclasses import dataclass

from workers.keepalive.writing import Way


@dataclass(frozen=True, slots=True)
class Put:
    """Send one of this node's own keys, or a fault's report, to the store and wait for nothing."""

    item: str
    way: Way
    text: str


@dataclass(frozen=True, slots=True)
class TakeSample:
    """Have the machine looked at, for the next beat."""


@dataclass(frozen=True, slots=True)
class NoteLate:
    """Slots went by in which this process did not run."""

    slots: int


Action = Put | TakeSample | NoteLate

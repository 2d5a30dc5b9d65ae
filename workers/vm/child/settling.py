"""What follows from how a VM is on both nodes of a live migration; pure.

Invariants: exactly one copy goes on. The target's copy of a migration is held (it has never run
an instruction) until somebody lets it go, and it is let go only when the source's is gone for
certain. So as long as the source's copy is there it is the valid one, unless the target's runs all
the same: then somebody else has let it go while the source's was held, and what is on disk is
the target's. A held copy is worth nothing once the source has run on without a migration: it knows
nothing of what the source wrote since. What cannot be known is not guessed.
"""

from enum import StrEnum
from typing import Final


class Side(StrEnum):
    """How a VM is on one node."""

    GONE = "gone"
    """Its libvirt does not have it, or its process has ended or is past return."""
    RUNNING = "running"
    """It runs, or it has run and is paused for a reason of its own."""
    HELD = "held"
    """Stopped by a migration: at the source after the last byte, at the target when it is whole."""
    ARRIVING = "arriving"
    """At the target: not whole yet."""
    LEAVING = "leaving"
    """It is being ended."""
    UNKNOWN = "unknown"
    """Its node cannot be asked."""


class Step(StrEnum):
    """What to do now."""

    FOLLOW = "follow"
    """A migration runs: watch it to its end."""
    LOOK_AGAIN = "look_again"
    """Something passes by itself in a moment."""
    LET_GO = "let_go"
    """Let the target's copy run."""
    DROP = "drop"
    """End the target's copy."""
    GO_ON = "go_on"
    """Let the source's copy run again."""
    YIELD = "yield"
    """End the source's held copy: the target's has taken over."""
    LEFT = "left"
    STAYED = "stayed"
    LOST = "lost"
    UNCERTAIN = "uncertain"


_LEAVING: Final[dict[Side, Step]] = dict.fromkeys(Side, Step.LOOK_AGAIN)
_UNKNOWN: Final[dict[Side, Step]] = dict.fromkeys(Side, Step.UNCERTAIN)

TABLE: Final[dict[Side, dict[Side, Step]]] = {
    Side.GONE: {
        Side.GONE: Step.LOST,
        Side.RUNNING: Step.LEFT,
        Side.HELD: Step.LET_GO,
        # Its libvirt ends it when it notices that nobody sends any more, or has it whole.
        Side.ARRIVING: Step.LOOK_AGAIN,
        Side.LEAVING: Step.LOOK_AGAIN,
        Side.UNKNOWN: Step.UNCERTAIN,
    },
    Side.RUNNING: {
        Side.GONE: Step.STAYED,
        Side.RUNNING: Step.DROP,
        Side.HELD: Step.DROP,
        Side.ARRIVING: Step.DROP,
        Side.LEAVING: Step.LOOK_AGAIN,
        # A copy may be left there, but one that is held: it does not run.
        Side.UNKNOWN: Step.STAYED,
    },
    Side.HELD: {
        Side.GONE: Step.GO_ON,
        Side.RUNNING: Step.YIELD,
        Side.HELD: Step.DROP,
        Side.ARRIVING: Step.DROP,
        Side.LEAVING: Step.LOOK_AGAIN,
        Side.UNKNOWN: Step.UNCERTAIN,
    },
    # Only a target's copy arrives.
    Side.ARRIVING: _LEAVING,
    Side.LEAVING: _LEAVING,
    Side.UNKNOWN: _UNKNOWN,
}
"""By the source's side, then by the target's, while no migration runs."""

ENDS: Final = (Step.LEFT, Step.STAYED, Step.LOST, Step.UNCERTAIN)
"""After these nothing is left to do."""


def next_step(source: Side, target: Side, *, is_moving: bool, is_stale: bool = False) -> Step:
    """Return what follows; `is_moving`: the source's libvirt has a migration of it under way;
    `is_stale`: the source has run on since the target's copy was made."""
    if is_moving and source not in (Side.GONE, Side.UNKNOWN):
        return Step.FOLLOW
    if is_stale and (source, target) == (Side.GONE, Side.HELD):
        return Step.DROP
    return TABLE[source][target]

"""The daemon state of a node: what it says of itself, and what is shown of it; pure.

Invariant: a node never calls itself dead, and peers never write its own state; a verdict is void as
soon as the node's beat moves on.
"""

from enum import StrEnum
from typing import Final

from cluster.lifecycle.transition import IllegalTransition
from cluster.model.node import DaemonState, Judgement


class DaemonEvent(StrEnum):
    """What changes the state a node says of itself."""

    STARTED = "started"
    """The tree of processes begins to run."""
    READY = "ready"
    """All its workers run."""
    LEAVING = "leaving"
    """It was told to end for good."""
    LEFT = "left"
    """All workers but keepalive have ended."""


OWN_STATES: Final = frozenset(
    {DaemonState.INIT, DaemonState.RUN, DaemonState.SHUTDOWN, DaemonState.STOP}
)

TRANSITIONS: Final[dict[tuple[DaemonState, DaemonEvent], DaemonState]] = {
    (DaemonState.INIT, DaemonEvent.STARTED): DaemonState.INIT,
    (DaemonState.INIT, DaemonEvent.READY): DaemonState.RUN,
    (DaemonState.INIT, DaemonEvent.LEAVING): DaemonState.SHUTDOWN,
    (DaemonState.RUN, DaemonEvent.STARTED): DaemonState.INIT,
    (DaemonState.RUN, DaemonEvent.READY): DaemonState.RUN,
    (DaemonState.RUN, DaemonEvent.LEAVING): DaemonState.SHUTDOWN,
    (DaemonState.SHUTDOWN, DaemonEvent.STARTED): DaemonState.INIT,
    (DaemonState.SHUTDOWN, DaemonEvent.LEAVING): DaemonState.SHUTDOWN,
    (DaemonState.SHUTDOWN, DaemonEvent.LEFT): DaemonState.STOP,
    (DaemonState.STOP, DaemonEvent.STARTED): DaemonState.INIT,
    (DaemonState.STOP, DaemonEvent.LEFT): DaemonState.STOP,
}


def after(state: DaemonState, event: DaemonEvent) -> DaemonState:
    """Return what a node says of itself next; raises `IllegalTransition`."""
    try:
        return TRANSITIONS[state, event]
    except KeyError:
        raise IllegalTransition("node", state, event) from None


def is_valid(judgement: Judgement | None, beat_now: str) -> bool:
    """Return whether a verdict still holds: the node has not beaten since."""
    return judgement is not None and judgement.beat == beat_now


def daemon_state(
    own: DaemonState | None,
    judgement: Judgement | None,
    *,
    beat_now: str,
    is_present: bool,
    silent_for: float | None,
    dead_after: float,
) -> DaemonState:
    """Return the state that is shown of a node.

    `silent_for` are the seconds for which this observer has not seen the beat move, by its own
    clock; None when it could not have seen it (it has no session, or has only just begun to look).
    """
    if judgement is not None and is_valid(judgement, beat_now):
        return judgement.state
    if own is DaemonState.STOP:
        return own
    if not is_present and silent_for is not None and silent_for >= dead_after:
        return DaemonState.DEAD
    # Unreadable, but alive or not yet known to be dead: it has yet to say what it is.
    return own if own in OWN_STATES and own is not None else DaemonState.INIT

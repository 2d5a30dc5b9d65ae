"""The domain state of a node: whether it takes VMs; pure.

Invariant: the node itself goes through these states; whether it shall take VMs is an order and
stands elsewhere. A node that is recovered after a fence is left to whoever recovers it.
"""

from enum import StrEnum
from typing import Final

from cluster.lifecycle.transition import IllegalTransition
from cluster.model.node import DomainState, WantedDomainState


class DomainEvent(StrEnum):
    """What changes a node's domain state."""

    FLUSH_ORDERED = "flush ordered"
    READY_ORDERED = "ready ordered"
    EMPTIED = "emptied"
    """No VM runs on it any more."""
    BROUGHT_HOME = "brought home"
    """Its VMs are back, or named as not to be brought back."""


TRANSITIONS: Final[dict[tuple[DomainState, DomainEvent], DomainState]] = {
    (DomainState.READY, DomainEvent.FLUSH_ORDERED): DomainState.FLUSH,
    (DomainState.READY, DomainEvent.READY_ORDERED): DomainState.READY,
    (DomainState.FLUSH, DomainEvent.FLUSH_ORDERED): DomainState.FLUSH,
    (DomainState.FLUSH, DomainEvent.READY_ORDERED): DomainState.UNFLUSH,
    (DomainState.FLUSH, DomainEvent.EMPTIED): DomainState.FLUSHED,
    (DomainState.FLUSHED, DomainEvent.FLUSH_ORDERED): DomainState.FLUSHED,
    (DomainState.FLUSHED, DomainEvent.READY_ORDERED): DomainState.UNFLUSH,
    (DomainState.UNFLUSH, DomainEvent.FLUSH_ORDERED): DomainState.FLUSH,
    (DomainState.UNFLUSH, DomainEvent.READY_ORDERED): DomainState.UNFLUSH,
    (DomainState.UNFLUSH, DomainEvent.BROUGHT_HOME): DomainState.READY,
}


_ORDERS: Final = {
    WantedDomainState.FLUSHED: DomainEvent.FLUSH_ORDERED,
    WantedDomainState.READY: DomainEvent.READY_ORDERED,
}
_ENDS: Final = {
    WantedDomainState.FLUSHED: DomainEvent.EMPTIED,
    WantedDomainState.READY: DomainEvent.BROUGHT_HOME,
}


def after(state: DomainState, event: DomainEvent) -> DomainState:
    """Return the state after an event; raises `IllegalTransition`."""
    try:
        return TRANSITIONS[state, event]
    except KeyError:
        raise IllegalTransition("node", state, event) from None


def ordered(state: DomainState, wanted: WantedDomainState) -> DomainState | None:
    """Return the state that an order asks for now; None where it means nothing."""
    return TRANSITIONS.get((state, _ORDERS[wanted]))


def completed(state: DomainState, wanted: WantedDomainState) -> DomainState | None:
    """Return the state when what an order asks for is done; None where nothing is under way."""
    return TRANSITIONS.get((state, _ENDS[wanted]))

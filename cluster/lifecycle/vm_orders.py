"""Which orders a VM's state allows; pure tables.

Invariant: an order changes what is wanted, never what is seen. What is in no table is refused, with
what would be allowed.
"""

from enum import StrEnum
from typing import Final

from cluster.lifecycle.transition import IllegalTransition
from cluster.model.vm import Move, VmState, WantedState


class Order(StrEnum):
    """What people can order of a VM's state."""

    START = "start"
    RESTART = "restart"
    SHUTDOWN = "shutdown"
    STOP = "stop"
    DISABLE = "disable"


class Edit(StrEnum):
    """What people can do to a VM's record."""

    MODIFY = "modify"
    RENAME = "rename"
    LABEL = "label"
    """Its meta data and tags."""
    REMOVE = "remove"


class Carrying(StrEnum):
    """What becomes of an order to be on another node."""

    TRANSFER = "transfer"
    """It runs: it is brought there."""
    REDIRECT = "redirect"
    """It is on its way: it goes elsewhere, or stays."""
    PLACE = "place"
    """It is off and stays so: only its node changes."""


_RUNS: Final = (VmState.START,)
_SETTLED: Final = (VmState.START, VmState.STOP, VmState.DISABLE, VmState.FAIL)
_OFF: Final = (VmState.STOP, VmState.DISABLE, VmState.FAIL)
_MOVES: Final = (VmState.MIGRATE, VmState.MIGRATE_LIVE, VmState.UNMIGRATE)
_UNDER_WAY: Final = (VmState.RESTART, VmState.SHUTDOWN, *_MOVES)
_OF_OTHERS: Final = (VmState.PROVISION, VmState.IMPORT, VmState.RESTORE, VmState.MIRROR)
"""A task or another cluster is at work on it."""

ORDERS: Final[dict[tuple[VmState, Order], WantedState]] = {
    **{(state, Order.START): WantedState.START for state in (*_SETTLED, VmState.SHUTDOWN)},
    **{(state, Order.RESTART): WantedState.RESTART for state in _RUNS},
    **{(state, Order.SHUTDOWN): WantedState.SHUTDOWN for state in _RUNS},
    **{(state, Order.STOP): WantedState.STOP for state in (*_SETTLED, *_UNDER_WAY)},
    **{(state, Order.DISABLE): WantedState.DISABLE for state in (*_SETTLED, *_UNDER_WAY)},
}

FORCED_ORDERS: Final[dict[tuple[VmState, Order], WantedState]] = {
    **{(state, Order.START): WantedState.START for state in _OF_OTHERS},
    **{(state, Order.STOP): WantedState.STOP for state in _OF_OTHERS},
    **{(state, Order.DISABLE): WantedState.DISABLE for state in _OF_OTHERS},
}
"""Allowed only with force: a mirror that is started is a mirror no more, and what a task has begun
it does not end."""

MOVES: Final[dict[tuple[VmState, Move], Carrying]] = {
    **{(state, move): Carrying.TRANSFER for state in _RUNS for move in Move if move},
    **{(state, move): Carrying.REDIRECT for state in _MOVES for move in Move if move},
    **{(state, move): Carrying.PLACE for state in (*_OFF, VmState.MIRROR) for move in Move if move},
}

EDITS: Final[frozenset[tuple[VmState, Edit]]] = frozenset(
    (state, edit)
    for edit, states in {
        Edit.MODIFY: set(VmState) - {VmState.IMPORT, VmState.RESTORE, VmState.DELETE},
        # Its name is also in its definition and in the name of its log.
        Edit.RENAME: set(_OFF),
        Edit.LABEL: set(VmState) - {VmState.DELETE},
        Edit.REMOVE: set(VmState) - {VmState.DELETE},
    }.items()
    for state in states
)


def wanted_after(state: VmState, order: Order, *, is_forced: bool = False) -> WantedState:
    """Return what is wanted after an order; raises `IllegalTransition`."""
    wanted = ORDERS.get((state, order))
    if wanted is None and is_forced:
        wanted = FORCED_ORDERS.get((state, order))
    if wanted is None:
        raise IllegalTransition("VM", state, order, allowed_in(state))
    return wanted


def carrying(state: VmState, move: Move) -> Carrying:
    """Return how a VM gets to another node; raises `IllegalTransition`."""
    found = MOVES.get((state, move))
    if found is None:
        raise IllegalTransition("VM", state, move, allowed_in(state))
    return found


def check_edit(state: VmState, edit: Edit) -> None:
    """Raise `IllegalTransition` when the record of a VM in this state is not to be edited so."""
    if (state, edit) not in EDITS:
        raise IllegalTransition("VM", state, edit, allowed_in(state))


def allowed_in(state: VmState) -> tuple[str, ...]:
    """Return the orders that a state allows, for people."""
    return (
        *(order for order in Order if (state, order) in ORDERS),
        *(f"{order} with force" for order in Order if (state, order) in FORCED_ORDERS),
        *(move for move in Move if (state, move) in MOVES),
        *(edit for edit in Edit if (state, edit) in EDITS),
    )

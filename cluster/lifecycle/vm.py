"""The one state people see of a VM, and which orders it allows; pure tables.

Invariant: the state is derived, never stored; an order changes what is wanted, never what is seen.
"""

from enum import StrEnum
from typing import Final

from cluster.lifecycle.transition import IllegalTransition
from cluster.model.vm import Move, Seen, SeenState, VmState, Wanted, WantedState


class Order(StrEnum):
    """What people can order of a VM's state."""

    START = "start"
    RESTART = "restart"
    SHUTDOWN = "shutdown"
    STOP = "stop"
    DISABLE = "disable"


_AS_WANTED: Final = {
    WantedState.STOP: VmState.STOP,
    WantedState.PROVISION: VmState.PROVISION,
    WantedState.IMPORT: VmState.IMPORT,
    WantedState.RESTORE: VmState.RESTORE,
    WantedState.MIRROR: VmState.MIRROR,
    WantedState.DELETE: VmState.DELETE,
    # Nothing is done about it until somebody gives an order that can be read.
    WantedState.UNKNOWN: VmState.FAIL,
}

_BY_MOVE: Final = {
    Move.NONE: VmState.MIGRATE,
    Move.MOVE: VmState.MIGRATE,
    Move.MIGRATE: VmState.MIGRATE,
    Move.UNMIGRATE: VmState.UNMIGRATE,
}

_RUNS: Final = (VmState.START,)
_SETTLED: Final = (VmState.START, VmState.STOP, VmState.DISABLE, VmState.FAIL)
_UNDER_WAY: Final = (
    VmState.RESTART,
    VmState.SHUTDOWN,
    VmState.MIGRATE,
    VmState.MIGRATE_LIVE,
    VmState.UNMIGRATE,
)

ORDERS: Final[dict[tuple[VmState, Order], WantedState]] = {
    **{(state, Order.START): WantedState.START for state in (*_SETTLED, VmState.SHUTDOWN)},
    **{(state, Order.RESTART): WantedState.RESTART for state in _RUNS},
    **{(state, Order.SHUTDOWN): WantedState.SHUTDOWN for state in _RUNS},
    **{(state, Order.STOP): WantedState.STOP for state in (*_SETTLED, *_UNDER_WAY)},
    **{(state, Order.DISABLE): WantedState.DISABLE for state in (*_SETTLED, *_UNDER_WAY)},
}

FORCED_ORDERS: Final[dict[tuple[VmState, Order], WantedState]] = {
    (VmState.MIRROR, Order.START): WantedState.START,
    (VmState.MIRROR, Order.STOP): WantedState.STOP,
    (VmState.MIRROR, Order.DISABLE): WantedState.DISABLE,
}
"""Allowed only with force: a mirror that is started is a mirror no more."""


def wanted_after(state: VmState, order: Order, *, is_forced: bool = False) -> WantedState:
    """Return what is wanted after an order; raises `IllegalTransition`."""
    wanted = ORDERS.get((state, order))
    if wanted is None and is_forced:
        wanted = FORCED_ORDERS.get((state, order))
    if wanted is None:
        raise IllegalTransition("VM", state, order)
    return wanted


def vm_state(wanted: Wanted, seen: Seen) -> VmState:
    """Return the one state people see."""
    if (fixed := _AS_WANTED.get(wanted.state)) is not None:
        return fixed
    if wanted.state is WantedState.SHUTDOWN:
        return VmState.SHUTDOWN if seen.state.may_run else VmState.STOP
    if wanted.state is WantedState.DISABLE:
        is_asked_to_end = seen.state.may_run and not wanted.is_forced
        return VmState.SHUTDOWN if is_asked_to_end else VmState.DISABLE
    return _state_of_running(wanted, seen)


def _state_of_running(wanted: Wanted, seen: Seen) -> VmState:
    """The state of a VM that is wanted to run."""
    is_done = seen.serial >= wanted.serial
    if is_done and seen.state is SeenState.FAILED:
        return VmState.FAIL
    if wanted.state is WantedState.RESTART and not is_done:
        return VmState.RESTART
    if seen.state.may_run and seen.node != wanted.node:
        return VmState.MIGRATE_LIVE if wanted.is_live_only else _BY_MOVE[wanted.move]
    return VmState.START

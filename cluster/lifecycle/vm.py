"""The one state people see of a VM, and where they see it; pure tables.

Invariant: the state is derived, never stored. Which orders a state allows is in `vm_orders`.
"""

from typing import Final

from cluster.model.vm import Move, Seen, SeenState, VmState, Wanted, WantedState

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


def node_of(wanted: Wanted, seen: Seen) -> str:
    """Return the node people see it on: where it may run, else where it would."""
    return seen.node if seen.state.may_run and seen.node else wanted.node


def home_of(wanted: Wanted, seen: Seen) -> str:
    """Return where it belongs while it is elsewhere for now; empty when it is at home."""
    return "" if wanted.home == node_of(wanted, seen) else wanted.home


def is_moving(wanted: Wanted, seen: Seen) -> bool:
    """Whether it may run on another node than the one it is wanted on."""
    return seen.state.may_run and seen.node not in ("", wanted.node)


def _state_of_running(wanted: Wanted, seen: Seen) -> VmState:
    """The state of a VM that is wanted to run."""
    is_done = seen.serial >= wanted.serial
    if is_done and seen.state is SeenState.FAILED:
        return VmState.FAIL
    if wanted.state is WantedState.RESTART and not is_done:
        return VmState.RESTART
    if is_moving(wanted, seen):
        return VmState.MIGRATE_LIVE if wanted.is_live_only else _BY_MOVE[wanted.move]
    return VmState.START

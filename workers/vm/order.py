"""What an order asks of this node's VM, as a table; pure."""

from enum import StrEnum
from typing import Final

from cluster.model.vm import Seen, SeenState, Transfer, TransferPhase, Wanted, WantedState


class Ask(StrEnum):
    """What is to become of a VM."""

    RUN = "run"
    """It runs, on the node it is wanted on."""
    BOUNCE = "bounce"
    """It is to be down once, then to run."""
    END = "end"
    """It is off, ended as gently as the order says."""
    REMOVE = "remove"
    """It is off and then no more."""
    LEAVE = "leave"
    """Others are at work on it: only say what is seen."""


_ASKS: Final = {
    WantedState.START: Ask.RUN,
    WantedState.RESTART: Ask.BOUNCE,
    WantedState.SHUTDOWN: Ask.END,
    WantedState.STOP: Ask.END,
    WantedState.DISABLE: Ask.END,
    # A copy of another cluster's VM never runs.
    WantedState.MIRROR: Ask.END,
    WantedState.DELETE: Ask.REMOVE,
    WantedState.PROVISION: Ask.LEAVE,
    WantedState.IMPORT: Ask.LEAVE,
    WantedState.RESTORE: Ask.LEAVE,
    WantedState.UNKNOWN: Ask.LEAVE,
}
_GENTLE: Final = (WantedState.SHUTDOWN, WantedState.DISABLE, WantedState.RESTART)


def asked(wanted: Wanted, seen: Seen) -> Ask:
    """Return what the order asks now; a restart that has been down is a start."""
    ask = _ASKS[wanted.state]
    if ask is Ask.BOUNCE and seen.serial >= wanted.serial:
        return Ask.RUN
    return Ask.LEAVE if not wanted.node else ask


def is_gentle(wanted: Wanted) -> bool:
    """Whether the guest is asked before it is ended."""
    return wanted.state in _GENTLE and not wanted.is_forced


def is_for(wanted: Wanted, node: str) -> bool:
    """Whether it is wanted to run on a node."""
    return wanted.node == node and wanted.state in (WantedState.START, WantedState.RESTART)


def is_free(wanted: Wanted, seen: Seen) -> bool:
    """Whether the node that has it by record can have no process of it, so that the node it is
    wanted on may take it."""
    return not seen.state.may_run or bool(wanted.fence)


def is_held_up(transfer: Transfer | None) -> bool:
    """Whether a move is not over for a time that nobody knows: a node of it does not answer."""
    if transfer is None or transfer.phase is not TransferPhase.SETTLING:
        return False
    return bool(transfer.reason)


def is_up(seen: Seen) -> bool:
    """Whether by record a process of it is there that has run: a held copy of it is no other."""
    return seen.state.may_run and seen.state is not SeenState.STARTING

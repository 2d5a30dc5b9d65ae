"""What is said of a VM in the tree; pure.

Invariant: it says what the hypervisor says, and nothing is written that stands there already.
"""

from dataclasses import replace
from typing import Final

from cluster.model.vm import Seen as SeenRecord
from cluster.model.vm import SeenState
from workers.vm.actions import Action, WriteSeen
from workers.vm.local import LocalState, LocalVm, Pause
from workers.vm.seen import VmView
from workers.vm.turn import Outcome, Turn

_PAUSES: Final = {
    Pause.NONE: "paused",
    Pause.IO_ERROR: "paused by an I/O error: see to its storage, then restart or reset it",
    Pause.MOVE: "held by a live migration",
    Pause.USER: "paused by hand",
    Pause.OTHER: "paused by the hypervisor",
}


def say(turn: Turn, now: SeenRecord) -> Outcome:
    """Say it unless that is said already."""
    record = turn.view.record
    if now == record:
        return turn.rest()
    return turn.do(WriteSeen(vm=turn.view.uuid, was=record, now=now))


def report(view: VmView, node: str, *, serial: int) -> SeenRecord:
    """Return what is to be said of a VM that is here."""
    local, was = view.local, view.record
    if local is None:
        return SeenRecord(state=SeenState.OFF, node=node, serial=serial)
    if local.state is LocalState.PAUSED:
        state, reason = SeenState.PAUSED, _PAUSES[local.pause]
    else:
        state = SeenState.RUNNING
        # Why its last move was given up stays said until something else is to be said of it.
        is_same = was.state is state and was.serial == serial and was.node == node
        reason = was.reason if is_same else ""
    return SeenRecord(state=state, node=node, serial=serial, reason=reason, vnc=local.vnc)


def off(turn: Turn, *, serial: int, ends_transfer: bool = False, reason: str = "") -> WriteSeen:
    """Say that it is off."""
    now = SeenRecord(state=SeenState.OFF, node=turn.node, serial=serial, reason=reason)
    return WriteSeen(vm=turn.view.uuid, was=turn.view.record, now=now, ends_transfer=ends_transfer)


def with_reason(turn: Turn, reason: str) -> tuple[Action, ...]:
    """Say what holds it up."""
    record = turn.view.record
    if record.reason == reason:
        return ()
    now = replace(record, reason=reason)
    return (WriteSeen(vm=turn.view.uuid, was=record, now=now),)


def is_alive(local: LocalVm) -> bool:
    """Whether it can go on: it runs, or is held by something else than a live migration."""
    is_held = local.state is LocalState.PAUSED and local.pause is Pause.MOVE
    return not is_held and local.state is not LocalState.CRASHED

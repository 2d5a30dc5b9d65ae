"""A move of a VM of this node, as the sending side sees it; pure.

Invariants: the transfer stands in the tree before the first step is taken and goes in the
transaction that hands the VM over or gives the move up; while it is not known for certain how a
live migration ended nothing is begun but to find out.
"""

from dataclasses import replace
from typing import Final, assert_never

from cluster.model.vm import (
    MigrationMethod,
    SeenState,
    Transfer,
    TransferPhase,
)
from cluster.model.vm import (
    Seen as SeenRecord,
)
from runtime.clock import later
from workers.vm import ending, saying
from workers.vm.actions import Begin, BeginMove, Forget, GiveUpMove, WriteSeen, WriteTransfer
from workers.vm.jobs import AbortMove, Ending, JobState, Migrate, Resume, Settle
from workers.vm.local import LocalState, LocalVm, Pause
from workers.vm.order import is_for
from workers.vm.turn import Outcome, Turn

_BASE_SECONDS: Final = 120.0
_MB_PER_SECOND: Final = 20.0
"""What a live migration may take: the time of an idle guest, and what its memory takes."""
_DEAD_TARGET_SECONDS: Final = 15.0
"""A node that is not alive may be back by then; after that the VM stays."""
_ABORT_AGAIN_SECONDS: Final = 10.0
_TELL_SECONDS: Final = 1.0
"""Between two words on how far a move is."""


def begin(turn: Turn) -> Outcome:
    """Send a VM of this node to the node it is wanted on."""
    view, local = turn.view, turn.view.local
    if local is None:
        return _leave_off(turn)
    if local.state is LocalState.CRASHED:
        return ending.destroy(turn)
    if local.state is LocalState.PAUSED and local.pause is Pause.MOVE:
        return resume(turn)
    if (waiting := _wait_for_target(turn)) is not None:
        return waiting
    if local.state is LocalState.PAUSED:
        if view.wanted.is_forced and not view.wanted.is_live_only:
            return _begin(turn, TransferPhase.SHUTDOWN)
        return _give_up(turn, f"it is not running, so it cannot be moved live: {local.pause}")
    is_live = view.wanted.is_live_only
    if view.meta.migration_method is MigrationMethod.SHUTDOWN and not is_live:
        return _begin(turn, TransferPhase.SHUTDOWN)
    if turn.slots.sends <= 0 or turn.slots.arrivals.get(view.wanted.node, 0) <= 0:
        return turn.look()
    return _begin(turn, TransferPhase.SENDING, _migrate(turn, local))


def resume(turn: Turn) -> Outcome:
    """Let a held copy go on: it is ours by record and no move is under way, so no other runs."""
    if turn.now < turn.memory.retry_at:
        return turn.wait(turn.memory.retry_at)
    return turn.do(Begin(vm=turn.view.uuid, job=Resume(uuid=turn.view.uuid)))


def go_on(turn: Turn) -> Outcome:
    """Bring on a move that nobody is working at."""
    transfer = _transfer(turn)
    if transfer.phase is TransferPhase.SHUTDOWN:
        return _by_shutdown(turn, transfer)
    if turn.now < turn.memory.retry_at:
        return turn.wait(turn.memory.retry_at)
    view = turn.view
    settling = replace(transfer, phase=TransferPhase.SETTLING)
    told = () if settling == transfer else (WriteTransfer(vm=view.uuid, transfer=settling),)
    job = Settle(uuid=view.uuid, to_uri=turn.rules.uri_of(transfer.to), seconds=_seconds(turn))
    return turn.do(*told, Begin(vm=view.uuid, job=job))


def under_way(turn: Turn, job: JobState) -> Outcome:
    """Watch a move that is being worked at; break it off when the order has changed."""
    view, memory, now = turn.view, turn.memory, turn.now
    transfer = view.transfer
    if transfer is None:
        return turn.look()
    if not is_for(view.wanted, transfer.to):
        again_at = later(memory.told_at, _ABORT_AGAIN_SECONDS)
        if now < again_at:
            return turn.wait(again_at)
        return turn.do(Begin(vm=view.uuid, job=AbortMove(uuid=view.uuid)), told_at=now)
    if transfer.percent == job.percent:
        return turn.rest()
    again_at = later(memory.told_at, _TELL_SECONDS)
    if now < again_at:
        return turn.wait(again_at)
    told = replace(transfer, percent=job.percent)
    return turn.do(WriteTransfer(vm=view.uuid, transfer=told), told_at=now)


def ended(turn: Turn, job: JobState) -> Outcome:
    """Take notice of how a live migration ended."""
    forget = Forget(vm=turn.view.uuid)
    if turn.view.record.node != turn.node or turn.view.transfer is None:
        return turn.do(forget)
    match job.ending:
        case Ending.LEFT:
            return turn.do(_handed_over(turn), forget)
        case Ending.STAYED:
            return _stayed(turn, job)
        case Ending.LOST:
            serial = turn.view.record.serial
            reason = f"it was lost in a move: {job.reason}"
            return turn.do(
                saying.off(turn, serial=serial, ends_transfer=True, reason=reason), forget
            )
        case Ending.UNCERTAIN | Ending.FAILED | Ending.REFUSED | Ending.DONE | None:
            settling = replace(turn.view.transfer, phase=TransferPhase.SETTLING, reason=job.reason)
            return turn.failed(WriteTransfer(vm=turn.view.uuid, transfer=settling), forget)
        case _:
            assert_never(job.ending)


def _begin(turn: Turn, phase: TransferPhase, job: Migrate | None = None) -> Outcome:
    view = turn.view
    transfer = Transfer(serial=view.wanted.serial, to=view.wanted.node, phase=phase)
    return turn.do(
        BeginMove(vm=view.uuid, wanted=view.wanted, transfer=transfer, job=job), waits_since=None
    )


def _leave_off(turn: Turn) -> Outcome:
    """It is not here any more: the node it is wanted on may start it."""
    if not turn.view.record.state.may_run:
        return turn.rest()
    if not turn.is_gone:
        return turn.look()
    return turn.do(saying.off(turn, serial=turn.view.record.serial))


def _wait_for_target(turn: Turn) -> Outcome | None:
    name = turn.view.wanted.node
    if name not in turn.nodes:
        return _give_up(turn, f"there is no node {name}")
    if turn.nodes[name].is_alive:
        return None
    since = turn.memory.waits_since if turn.memory.waits_since is not None else turn.now
    over_at = later(since, _DEAD_TARGET_SECONDS)
    if turn.now >= over_at:
        return _give_up(turn, f"node {name} is not alive")
    return turn.wait(over_at, waits_since=since)


def _migrate(turn: Turn, local: LocalVm) -> Migrate:
    view = turn.view
    return Migrate(
        uuid=view.uuid,
        to_uri=turn.rules.uri_of(view.wanted.node),
        max_downtime_ms=view.meta.migration_max_downtime_ms,
        seconds=_BASE_SECONDS + local.memory_mb / _MB_PER_SECOND,
    )


def _seconds(turn: Turn) -> float:
    definition = turn.view.definition
    memory_mb = definition.memory_mb if definition is not None else 0
    if turn.view.local is not None:
        memory_mb = turn.view.local.memory_mb
    return _BASE_SECONDS + memory_mb / _MB_PER_SECOND


def _by_shutdown(turn: Turn, transfer: Transfer) -> Outcome:
    """No copy is anywhere else: end it here, then it is free to be started there."""
    view, record = turn.view, turn.view.record
    if view.local is None:
        if not turn.is_gone:
            return turn.look()
        return turn.do(saying.off(turn, serial=record.serial, ends_transfer=True))
    if not is_for(view.wanted, transfer.to):
        now = saying.report(view, turn.node, serial=record.serial)
        return turn.do(WriteSeen(vm=view.uuid, was=record, now=now, ends_transfer=True))
    # A guest that stands still hears nothing.
    is_deaf = view.local.state in (LocalState.PAUSED, LocalState.CRASHED)
    return ending.destroy(turn) if is_deaf else ending.ask_to_end(turn)


def _handed_over(turn: Turn) -> WriteSeen:
    record, transfer = turn.view.record, _transfer(turn)
    serial = max(record.serial, transfer.serial)
    now = SeenRecord(state=SeenState.RUNNING, node=transfer.to, serial=serial)
    return WriteSeen(vm=turn.view.uuid, was=record, now=now, ends_transfer=True)


def _stayed(turn: Turn, job: JobState) -> Outcome:
    view, transfer, forget = turn.view, _transfer(turn), Forget(vm=turn.view.uuid)
    reason = job.reason or transfer.reason
    # Nobody knows why it stayed: whoever sent it was killed, and the order still holds.
    is_broken_off = isinstance(job.job, Settle) and not reason
    if is_broken_off or not is_for(view.wanted, transfer.to):
        record = view.record
        return turn.do(WriteSeen(vm=view.uuid, was=record, now=record, ends_transfer=True), forget)
    is_fallback = view.meta.migration_method is MigrationMethod.NONE
    target = turn.nodes.get(transfer.to)
    is_alive = target is not None and target.is_alive
    if is_fallback and not view.wanted.is_live_only and is_alive:
        told = replace(transfer, phase=TransferPhase.SHUTDOWN, percent=0, reason=reason)
        return turn.do(WriteTransfer(vm=view.uuid, transfer=told), forget)
    return turn.do(*_give_up(turn, reason).actions, forget)


def _give_up(turn: Turn, reason: str) -> Outcome:
    view = turn.view
    return turn.do(
        GiveUpMove(vm=view.uuid, wanted=view.wanted, was=view.record, reason=reason),
        waits_since=None,
    )


def _transfer(turn: Turn) -> Transfer:
    transfer = turn.view.transfer
    if transfer is None:
        raise LookupError(f"VM {turn.view.uuid} is not being moved")
    return transfer

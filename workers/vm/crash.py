"""What becomes of a VM that ended although it shall run, or did not start; pure.

Invariant: each end or failure makes the next start wait twice as long, and after a few it is given
up with the reason; a new order begins anew.
"""

from dataclasses import replace
from typing import Final

from cluster.model.vm import SeenState
from runtime.clock import Instant, later
from workers.vm.actions import Forget, WriteSeen
from workers.vm.jobs import Ending, JobState
from workers.vm.turn import Outcome, Turn, backoff_seconds

_BORNE: Final = 5
"""So many ends within the window, or failed starts in a row, are borne; one more is the last."""
_WINDOW_SECONDS: Final = 600.0


def ended(turn: Turn) -> Outcome:
    """Note that it has ended by itself, and when it is started again."""
    memory = turn.memory
    ends = memory.ends if memory.is_counted else _with_end(memory.ends, turn.now)
    if len(ends) > _BORNE:
        reason = f"it ended {len(ends)} times within {_WINDOW_SECONDS:.0f} s: {turn.why_gone}"
        return turn.do(_failed(turn, reason), ends=ends, is_counted=True, is_started=False)
    seconds = backoff_seconds(len(ends))
    reason = f"it ended: {turn.why_gone}; started again after {seconds:.0f} s"
    retry_at = memory.retry_at if memory.is_counted else later(turn.now, seconds)
    return turn.do(
        _starting(turn, reason),
        ends=ends,
        retry_at=retry_at,
        is_counted=True,
        is_started=False,
        is_start_known=True,
    )


def start_ended(turn: Turn, job: JobState) -> Outcome:
    """Take notice of how a start ended."""
    forget = Forget(vm=turn.view.uuid)
    if turn.view.record.node != turn.node or turn.view.record.state is not SeenState.STARTING:
        return turn.do(forget, is_start_known=True, changed_at=turn.now)
    if job.ending is Ending.DONE:
        # Only a look from now on tells whether it is still there.
        return turn.do(
            forget, is_started=True, is_start_known=True, failures=0, changed_at=turn.now
        )
    if turn.view.local is not None:
        return turn.do(forget, is_start_known=True, changed_at=turn.now)
    if job.ending is Ending.REFUSED or turn.memory.failures >= _BORNE:
        return turn.do(_failed(turn, job.reason), forget, is_start_known=True)
    seconds = backoff_seconds(turn.memory.failures + 1)
    reason = f"{job.reason}; tried again after {seconds:.0f} s"
    return turn.failed(_starting(turn, reason), forget, is_start_known=True, changed_at=turn.now)


def _with_end(ends: tuple[Instant, ...], now: Instant) -> tuple[Instant, ...]:
    return (*(end for end in ends if end > later(now, -_WINDOW_SECONDS)), now)


def _starting(turn: Turn, reason: str) -> WriteSeen:
    record = turn.view.record
    now = replace(record, state=SeenState.STARTING, reason=reason, vnc="")
    return WriteSeen(vm=turn.view.uuid, was=record, now=now)


def _failed(turn: Turn, reason: str) -> WriteSeen:
    record = turn.view.record
    serial = turn.view.wanted.serial
    now = replace(record, state=SeenState.FAILED, serial=serial, reason=reason, vnc="")
    return WriteSeen(vm=turn.view.uuid, was=record, now=now)

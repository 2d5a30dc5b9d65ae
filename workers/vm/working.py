"""A VM that a job is at, or was: watched, broken off, taken notice of; pure.

Invariant: a job that ended is forgotten only together with, or after, what follows from it; one
whose premise is gone does not go on.
"""

from typing import Final

from runtime.clock import NEVER, later
from workers.vm import crash, ending, migration, saying
from workers.vm.actions import Begin, Forget, RemoveRecord, Withdraw
from workers.vm.jobs import (
    ChangeDevice,
    Destroy,
    Ending,
    FreeLocks,
    JobState,
    Migrate,
    RemoveVolumes,
    Resume,
    Settle,
    Shutdown,
    Start,
)
from workers.vm.order import Ask, asked, is_gentle
from workers.vm.premise import may_go_on
from workers.vm.turn import Outcome, Turn

_YIELDING: Final = (Shutdown, Resume, ChangeDevice)
"""What is broken off when a VM shall end at once: it may wait for a guest that answers nothing."""
_START_SECONDS: Final = 10.0
"""A start is let go on for so long although it shall end: it is over sooner than broken off."""


def under_way(turn: Turn, job: JobState) -> Outcome:
    """Bring on a VM that a job is at."""
    if not may_go_on(job.job, turn.view.record, turn.view.transfer, turn.node):
        return turn.do(Withdraw(vm=turn.view.uuid, job=job.job))
    if isinstance(job.job, Migrate | Settle):
        return migration.under_way(turn, job)
    view = turn.view
    is_to_end = asked(view.wanted, view.record) in (Ask.END, Ask.REMOVE, Ask.BOUNCE)
    if view.record.node != turn.node:
        return turn.rest()
    if isinstance(job.job, Start):
        give_up_at = later(job.begun_at, _START_SECONDS) if is_to_end else NEVER
        if turn.now < give_up_at:
            return turn.wait(give_up_at)
    elif not isinstance(job.job, _YIELDING):
        return turn.rest()
    if ending.is_patience_over(turn) or (is_to_end and not is_gentle(view.wanted)):
        destroy = Begin(vm=view.uuid, job=Destroy(uuid=view.uuid))
        return turn.do(Forget(vm=view.uuid), destroy, is_start_known=False)
    return turn.wait(ending.patience_over_at(turn))


def ended(turn: Turn, job: JobState) -> Outcome:
    """Take notice of how a job ended."""
    match job.job:
        case Start():
            return crash.start_ended(turn, job)
        case Migrate() | Settle():
            return migration.ended(turn, job)
        case ChangeDevice() | FreeLocks():
            # Theirs who ordered it by a task; see `tasks`.
            return turn.rest()
        case _:
            return _other_ended(turn, job)


def _other_ended(turn: Turn, job: JobState) -> Outcome:
    view, forget = turn.view, Forget(vm=turn.view.uuid)
    if view.record.node != turn.node:
        return turn.do(forget)
    if job.ending is not Ending.DONE:
        return turn.failed(*saying.with_reason(turn, job.reason), forget)
    is_unwanted = asked(view.wanted, view.record) is Ask.REMOVE
    if isinstance(job.job, RemoveVolumes) and is_unwanted:
        return turn.do(RemoveRecord(vm=view.uuid, name=view.name), forget)
    return turn.do(forget, failures=0)

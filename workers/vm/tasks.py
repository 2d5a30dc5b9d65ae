"""Tasks ordered through the API that this worker executes; pure.

Invariants: a task whose end is not known for certain is never called done; one that another life of
this worker had begun is told as interrupted, with what to do; on one VM they are done one by one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from cluster.model.task import Task, TaskProgress, TaskState
from runtime.clock import NEVER, Instant, later
from workers.decision import Decision
from workers.vm import task_kinds
from workers.vm.actions import Action, Begin, Forget, WriteTask
from workers.vm.jobs import ChangeDevice, Ending, FreeLocks, JobState
from workers.vm.rules import Rules
from workers.vm.seen import Seen, VmView
from workers.vm.task_kinds import Work

_AGAIN_SECONDS: Final = 1.0
"""What was begun or written and does not show is done again."""
_BEGIN_SECONDS: Final = 10.0
"""A job that could not be begun for so long is given up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """A task under way."""

    vm: str
    since: Instant
    """Since when its job could have been begun."""
    asked_at: Instant
    """When its job was begun last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Over:
    """A task that has ended, to be told until it shows in the tree."""

    vm: str
    progress: TaskProgress
    told_at: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """What is carried from round to round; losing it interrupts what is under way."""

    begun: Mapping[str, Begun] = field(default_factory=dict)
    over: Mapping[str, Over] = field(default_factory=dict)
    told: Mapping[str, str] = field(default_factory=dict)
    """Why those that wait do, as it was told."""


@dataclass(slots=True)
class _Round:
    """One round's outcome, as it grows."""

    node: str
    now: Instant
    begun: dict[str, Begun]
    over: dict[str, Over]
    told: dict[str, str]
    actions: list[Action] = field(default_factory=list)

    def end(self, task: Task, vm: str, state: TaskState, status: str) -> None:
        """A task has ended."""
        self.begun.pop(task.id, None)
        progress = TaskProgress(
            state=state,
            current=1 if state is TaskState.SUCCESS else 0,
            total=1,
            status=status,
            result=status if state is TaskState.SUCCESS else None,
        )
        self.over[task.id] = Over(vm=vm, progress=progress, told_at=self.now)
        self.actions.append(WriteTask(task=task.id, progress=progress))

    def is_taken(self, vm: str) -> bool:
        """Whether another task is at a VM."""
        return any(one.vm == vm for one in self.begun.values())


def decide(rules: Rules, seen: Seen, memory: Memory, now: Instant) -> Decision[Action, Memory]:
    """Bring each task on."""
    there = seen.tasks
    turn = _Round(
        node=rules.node,
        now=now,
        begun={task: one for task, one in memory.begun.items() if task in there},
        over={task: one for task, one in memory.over.items() if task in there},
        told={task: one for task, one in memory.told.items() if task in there},
    )
    for task in sorted(there.values(), key=lambda one: (one.order.ordered_at, one.id)):
        if (work := task_kinds.work_of(task)) is not None:
            _bring_on(turn, task, work, seen.vms.get(work.vm))
    turn.actions += _left_over(turn, seen)
    after = Memory(begun=turn.begun, over=turn.over, told=turn.told)
    look_again = later(now, _AGAIN_SECONDS) if turn.begun or turn.over or turn.told else NEVER
    return Decision(turn.actions, after, look_again)


def _left_over(turn: _Round, seen: Seen) -> list[Action]:
    """Take notice of jobs whose task somebody has removed: nothing else is done with their VMs."""
    expected = {one.vm for one in turn.begun.values()} | {one.vm for one in turn.over.values()}
    return [
        Forget(vm=uuid)
        for uuid, view in seen.vms.items()
        if view.job is not None
        and view.job.ending is not None
        and isinstance(view.job.job, ChangeDevice | FreeLocks)
        and uuid not in expected
    ]


def _bring_on(turn: _Round, task: Task, work: Work, view: VmView | None) -> None:
    if (over := turn.over.get(task.id)) is not None:
        _tell_again(turn, task, work, over, view)
    elif (begun := turn.begun.get(task.id)) is not None:
        _go_on(turn, task, work, begun, view)
    elif task.progress.state is TaskState.RUNNING:
        turn.end(task, work.vm, TaskState.FAILURE, task_kinds.interrupted(work))
    elif task.is_cancelled:
        turn.end(task, work.vm, TaskState.FAILURE, "cancelled before it was begun")
    else:
        _begin(turn, task, work, view)


def _begin(turn: _Round, task: Task, work: Work, view: VmView | None) -> None:
    why = task_kinds.why_not(work, view, turn.node)
    if view is None or (why and view.transfer is None):
        turn.end(task, work.vm, TaskState.FAILURE, why)
    elif task_kinds.is_busy(view) or turn.is_taken(work.vm):
        _wait(turn, task, view)
    else:
        turn.begun[task.id] = Begun(vm=work.vm, since=turn.now, asked_at=turn.now)
        turn.told.pop(task.id, None)
        status = task_kinds.doing(work, view)
        progress = TaskProgress(state=TaskState.RUNNING, total=1, status=status)
        turn.actions.append(WriteTask(task=task.id, progress=progress))
        turn.actions.append(Begin(vm=view.uuid, job=task_kinds.job_of(work, view)))


def _wait(turn: _Round, task: Task, view: VmView) -> None:
    what = "its move to another node" if view.transfer is not None else "other work on it"
    status = f"VM {view.name}: waits until {what} is over"
    if turn.told.get(task.id) != status:
        turn.told[task.id] = status
        progress = TaskProgress(state=TaskState.PENDING, total=1, status=status)
        turn.actions.append(WriteTask(task=task.id, progress=progress))


def _go_on(turn: _Round, task: Task, work: Work, begun: Begun, view: VmView | None) -> None:
    job = _own_job(work, view)
    name = work.vm if view is None else view.name
    if job is not None and job.ending is not None:
        is_done = job.ending is Ending.DONE
        status = task_kinds.done(work, name) if is_done else task_kinds.failed(work, name, job)
        turn.end(task, work.vm, TaskState.SUCCESS if is_done else TaskState.FAILURE, status)
        turn.actions.append(Forget(vm=work.vm))
    elif task.is_cancelled:
        if job is not None:
            turn.actions.append(Forget(vm=work.vm))
        turn.end(task, work.vm, TaskState.FAILURE, task_kinds.broken_off(work))
    elif job is not None:
        turn.begun[task.id] = replace(begun, since=turn.now)
    elif why := task_kinds.why_not(work, view, turn.node):
        turn.end(task, work.vm, TaskState.FAILURE, f"{why}; {task_kinds.interrupted(work)}")
    elif view is not None:
        _begin_again(turn, task, work, begun, view)


def _begin_again(turn: _Round, task: Task, work: Work, begun: Begun, view: VmView) -> None:
    """Its job is not there: it was not begun, or its process was abandoned."""
    if task_kinds.is_busy(view):
        turn.begun[task.id] = replace(begun, since=turn.now)
    elif turn.now >= later(begun.since, _BEGIN_SECONDS):
        status = f"VM {view.name}: the work could not be begun; give the order again"
        turn.end(task, work.vm, TaskState.FAILURE, status)
    elif turn.now >= later(begun.asked_at, _AGAIN_SECONDS):
        turn.begun[task.id] = replace(begun, asked_at=turn.now)
        turn.actions.append(Begin(vm=view.uuid, job=task_kinds.job_of(work, view)))


def _tell_again(turn: _Round, task: Task, work: Work, over: Over, view: VmView | None) -> None:
    if turn.now < later(over.told_at, _AGAIN_SECONDS):
        return
    turn.over[task.id] = replace(over, told_at=turn.now)
    turn.actions.append(WriteTask(task=task.id, progress=over.progress))
    # What was to be forgotten may still be there, if the store failed us in between.
    job = _own_job(work, view)
    if job is not None and job.ending is not None and not turn.is_taken(work.vm):
        turn.actions.append(Forget(vm=work.vm))


def _own_job(work: Work, view: VmView | None) -> JobState | None:
    """Return the job of a task, if it is on the VM."""
    if view is None or view.job is None:
        return None
    return view.job if view.job.job == task_kinds.job_of(work, view) else None

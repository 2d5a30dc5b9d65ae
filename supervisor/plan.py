"""What the root does next; pure.

Invariant: no worker is killed for time in which the root itself did not run; one worker's death
restarts that worker and no other; only keepalive's death loop ends the root.
"""

from dataclasses import dataclass, replace

from runtime.clock import Instant, later
from runtime.exitcode import ExitCode
from supervisor.actions import Action, Finish, Reexecute
from supervisor.child import Child, Phase, afresh, beaten, put_off
from supervisor.intensity import is_given_up
from supervisor.patience import Patience
from supervisor.seen import Course, Memory, Order, Seen
from supervisor.turn import Turn, abandon, collect, look_again, take_turn
from supervisor.wanted import reconsider_at, wanted_of_each


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done now, and what is remembered."""

    actions: tuple[Action, ...]
    memory: Memory


def plan(seen: Seen, memory: Memory, now: Instant, patience: Patience) -> Plan:
    """Bring the tree to where it is wanted; `memory.look_again` of the answer ends the wait."""
    memory = _forgive_pause(memory, now, patience)
    memory = _note_beats(memory, seen, now)
    memory, actions = _collect_ends(memory, seen, now, patience)
    memory = _choose_course(memory, seen, now)
    memory, more = _take_turns(memory, seen, now, patience)
    return Plan((*actions, *more, *_finish(memory)), memory)


def _forgive_pause(memory: Memory, now: Instant, patience: Patience) -> Memory:
    late = now - memory.look_again
    if late < patience.late_seconds:
        return memory
    if late < patience.pause_seconds:
        return replace(memory, children=tuple(put_off(c, late) for c in memory.children))
    return replace(memory, children=tuple(afresh(c, now) for c in memory.children))


def _note_beats(memory: Memory, seen: Seen, now: Instant) -> Memory:
    notes = {(beat.worker, beat.incarnation): beat.note for beat in seen.beats}
    children = []
    for child in memory.children:
        note = notes.get((child.spec.name, child.incarnation))
        children.append(child if note is None else beaten(child, note, now))
    return replace(memory, children=tuple(children))


def _collect_ends(
    memory: Memory, seen: Seen, now: Instant, patience: Patience
) -> tuple[Memory, list[Action]]:
    turn = _turn(memory, seen, now, patience)
    children: list[Child] = []
    actions: list[Action] = []
    for child in memory.children:
        for ended in seen.exits:
            if ended.worker == child.spec.name:
                child = collect(child, ended, turn)  # noqa: PLW2901 - one child through its exits
        left, abandoned = abandon(child, turn)
        children.append(left)
        actions += abandoned
    return replace(memory, children=tuple(children)), actions


def _choose_course(memory: Memory, seen: Seen, now: Instant) -> Memory:
    memory = replace(memory, tree=seen.schema.tree if memory.tree is None else memory.tree)
    if Order.LEAVE in seen.orders:
        if memory.course in (Course.LEAVE, Course.ESCALATE):
            return replace(memory, is_hasty=True)
        return _set_course(memory, Course.LEAVE, now)
    if memory.course is not Course.RUN:
        return memory
    given_up = [child for child in memory.children if is_given_up(child)]
    if given_up:
        is_config = any(child.bad_config for child in given_up)
        code = ExitCode.CONFIG if is_config else ExitCode.OUR_BUG
        return _set_course(replace(memory, exit_code=int(code)), Course.ESCALATE, now)
    if Order.RELOAD in seen.orders or _has_other_schema(memory, seen):
        return _set_course(memory, Course.RELOAD, now)
    return replace(memory, workers=seen.schema.workers)


def _has_other_schema(memory: Memory, seen: Seen) -> bool:
    """Whether the tree's version is another one than the workers were started for."""
    schema = seen.schema
    if schema.tree is None:
        return False
    if memory.tree is not None and schema.tree != memory.tree:
        return True
    users = any(c.is_alive and c.spec.needs_current_schema for c in memory.children)
    return users and schema.may_run and schema.workers != memory.workers


def _set_course(memory: Memory, course: Course, now: Instant) -> Memory:
    return replace(memory, course=course, course_since=now)


def _take_turns(
    memory: Memory, seen: Seen, now: Instant, patience: Patience
) -> tuple[Memory, list[Action]]:
    turn = _turn(memory, seen, now, patience)
    wishes = wanted_of_each(memory, seen.schema, now, patience)
    children: list[Child] = []
    actions: list[Action] = []
    for child, wish in zip(memory.children, wishes, strict=True):
        taken, done = take_turn(child, wish, turn)
        children.append(taken)
        actions += done
    times = [at for child in children if (at := look_again(child, turn)) is not None]
    after = replace(memory, children=tuple(children))
    times += [at for at in reconsider_at(after, patience) if at > now]
    soonest = min([later(now, patience.facts_interval_seconds), *times])
    return replace(after, look_again=max(soonest, now)), actions


def _turn(memory: Memory, seen: Seen, now: Instant, patience: Patience) -> Turn:
    return Turn(seen=seen, course=memory.course, workers=memory.workers, now=now, patience=patience)


def _finish(memory: Memory) -> list[Action]:
    if memory.course is Course.RUN or any(c.phase is not Phase.STOPPED for c in memory.children):
        return []
    return [Reexecute()] if memory.course is Course.RELOAD else [Finish(memory.exit_code)]

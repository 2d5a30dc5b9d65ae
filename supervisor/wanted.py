"""What is wanted of each child now: the order of starts and stops; pure.

Invariant: keepalive is the first to start and the last to stop; while the others stop, it is kept
alive, and started again if it dies, so that no peer takes an orderly stop for a death.
"""

from enum import StrEnum

from bus.messages import StopReason
from runtime.clock import Instant, later
from supervisor.child import Child, Phase
from supervisor.patience import Patience
from supervisor.schema_plan import SchemaView
from supervisor.seen import Course, Memory
from workers.spec import WhenExhausted


class Wanted(StrEnum):
    """What is wanted of one child."""

    UP = "up"
    KEEP = "keep"
    """Left as it is; not started."""
    HELD = "held"
    """Down until the schema fits."""
    DOWN = "down"
    """Ended for as long as this root lives."""
    DOWN_NOW = "down_now"
    """As DOWN, without asking."""


def wanted_of_each(
    memory: Memory, schema: SchemaView, now: Instant, patience: Patience
) -> list[Wanted]:
    """Say what is wanted of each child, in catalogue order."""
    if memory.course is Course.RUN:
        return _while_running(memory.children, schema, now, patience)
    if memory.is_hasty:
        return [Wanted.DOWN if _is_last_to_stop(c) else Wanted.DOWN_NOW for c in memory.children]
    return _while_stopping(memory, now, patience)


def reconsider_at(memory: Memory, patience: Patience) -> list[Instant]:
    """Say when what is wanted may change although nothing happens."""
    if memory.course is Course.LEAVE:
        return [later(memory.course_since, patience.announce_seconds)]
    starting = [child for child in memory.children if child.phase is Phase.STARTING]
    return [later(child.since, patience.start_apart_seconds) for child in starting]


def stop_reason(course: Course) -> StopReason:
    """Say what a worker is told when it is to end."""
    return StopReason.LEAVING if course is Course.LEAVE else StopReason.RESTART


def survives_stop(child: Child, course: Course) -> bool:
    """Whether the child is started again when it dies while the others stop."""
    return _is_last_to_stop(child) and course in (Course.RELOAD, Course.LEAVE)


def _while_running(
    children: tuple[Child, ...], schema: SchemaView, now: Instant, patience: Patience
) -> list[Wanted]:
    wishes = []
    is_turn = True
    for child in children:
        if child.spec.needs_current_schema and not schema.may_run:
            wishes.append(Wanted.HELD)
            continue
        wishes.append(Wanted.UP if is_turn or child.was_started else Wanted.KEEP)
        is_turn = is_turn and not _is_coming_up(child, now, patience)
    return wishes


def _is_coming_up(child: Child, now: Instant, patience: Patience) -> bool:
    """Whether those after this child wait for it with their first start."""
    if not child.was_started:
        return True
    is_first = child.phase is Phase.STARTING and child.restarts == 0
    return is_first and now - child.since < patience.start_apart_seconds


def _while_stopping(memory: Memory, now: Instant, patience: Patience) -> list[Wanted]:
    if memory.course is Course.LEAVE and not _was_announced(memory, now, patience):
        return [Wanted.UP if _is_last_to_stop(c) else Wanted.KEEP for c in memory.children]
    wishes: list[Wanted] = []
    is_turn = True
    for child in reversed(memory.children):
        if is_turn:
            wishes.append(Wanted.DOWN)
        else:
            wishes.append(Wanted.UP if survives_stop(child, memory.course) else Wanted.KEEP)
        is_turn = is_turn and not child.is_alive
    return wishes[::-1]


def _was_announced(memory: Memory, now: Instant, patience: Patience) -> bool:
    """Whether keepalive has had its round to say that the node leaves."""
    if now - memory.course_since >= patience.announce_seconds:
        return True
    others = any(c.is_alive and not _is_last_to_stop(c) for c in memory.children)
    announcers = [c for c in memory.children if _is_last_to_stop(c) and c.phase is Phase.RUNNING]
    return not others or all(c.sign_at > memory.course_since for c in announcers)


def _is_last_to_stop(child: Child) -> bool:
    return child.spec.when_exhausted is WhenExhausted.ESCALATE

"""One child's part of a turn: whether it is overdue, started, asked or buried; pure."""

from dataclasses import dataclass, replace

from runtime.clock import Instant, later
from supervisor.actions import Abandon, Action, Ask, CheckConfig, Kill, Start
from supervisor.child import Child, Event, Phase, asked, kill_sent, spawned, step
from supervisor.intensity import Death, bury, has_recovered
from supervisor.patience import Patience
from supervisor.seen import Course, Exit, Seen
from supervisor.wanted import Wanted, stop_reason, survives_stop


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What all children have in common in this turn."""

    seen: Seen
    course: Course
    workers: int
    """The schema version for those that are started now."""
    now: Instant
    patience: Patience


def collect(child: Child, ended: Exit, turn: Turn) -> Child:
    """Return the child after the end of one of its processes."""
    if ended.incarnation != child.incarnation or not child.is_alive:
        return replace(child, abandoned=max(0, child.abandoned - 1))
    return _after_end(child, ended.code, turn)


def abandon(child: Child, turn: Turn) -> tuple[Child, list[Action]]:
    """Give up waiting for a killed process that does not go: it sleeps in the kernel."""
    due = later(child.since, turn.patience.abandon_after_seconds)
    if child.phase is not Phase.KILLED or turn.now < due:
        return child, []
    left = replace(child, abandoned=child.abandoned + 1)
    return _after_end(left, -9, turn), [Abandon(child.spec.name, child.incarnation)]


def take_turn(child: Child, wanted: Wanted, turn: Turn) -> tuple[Child, list[Action]]:
    """Return the child and what is done to it now."""
    if has_recovered(child, turn.now):
        child = replace(child, parks=0, deaths=(), reason="")
    overdue = _why_overdue(child, turn.now)
    if overdue:
        return _kill(child, overdue, turn)
    if child.phase is Phase.STOPPING and wanted is not Wanted.DOWN_NOW:
        # Once asked it ends, whatever is wanted by now: half of it may have ended already.
        return _ask(child, "", turn)
    match wanted:
        case Wanted.UP:
            return _bring_up(child, turn)
        case Wanted.KEEP:
            return child, []
        case Wanted.HELD:
            return _ask(child, "waits for the schema", turn) if child.is_alive else (child, [])
        case Wanted.DOWN:
            return _bring_down(child, turn)
        case Wanted.DOWN_NOW:
            if child.is_alive and child.phase is not Phase.KILLED:
                return _kill(replace(child, was_asked=True), "asked to hasten", turn)
            return _bring_down(child, turn)


def look_again(child: Child, turn: Turn) -> Instant | None:
    """Say when this child must be looked at even if nothing happens."""
    spec = child.spec
    match child.phase:
        case Phase.STARTING:
            return later(child.sign_at, spec.start_timeout_seconds)
        case Phase.RUNNING:
            return later(child.sign_at, spec.beat_timeout_seconds)
        case Phase.STOPPING:
            repeat = later(child.asked_at, turn.patience.stop_repeat_seconds)
            return min(repeat, later(child.since, spec.stop_timeout_seconds))
        case Phase.KILLED:
            return later(child.since, turn.patience.abandon_after_seconds)
        case Phase.WAITING | Phase.PARKED:
            return child.start_at if child.start_at > turn.now else None
        case Phase.STOPPED:
            return None


def _after_end(child: Child, code: int, turn: Turn) -> Child:
    if turn.course is Course.RUN and child.was_asked:
        return step(child, Event.GONE, turn.now)
    is_kept = turn.course is Course.RUN or survives_stop(child, turn.course)
    if child.was_asked or not is_kept:
        return step(child, Event.ENDED, turn.now)
    death = Death(code=code, at=turn.now, chance=turn.seen.chance, config=turn.seen.config)
    return bury(child, death, turn.patience)


def _why_overdue(child: Child, now: Instant) -> str:
    spec = child.spec
    match child.phase:
        case Phase.STARTING:
            limit, what = spec.start_timeout_seconds, "no first beat"
            since = child.sign_at
        case Phase.RUNNING:
            limit, what = spec.beat_timeout_seconds, "no beat"
            since = child.sign_at
        case Phase.STOPPING:
            limit, what = spec.stop_timeout_seconds, "did not end"
            since = child.since
        case _:
            return ""
    return f"{what} within {limit:g} s" if now >= later(since, limit) else ""


def _kill(child: Child, reason: str, turn: Turn) -> tuple[Child, list[Action]]:
    killed = kill_sent(child, reason, turn.now)
    return killed, [Kill(child.spec.name, child.incarnation)]


def _bring_up(child: Child, turn: Turn) -> tuple[Child, list[Action]]:
    if child.bad_config:
        if turn.seen.config == child.bad_config:
            return child, []
        return replace(child, bad_config=turn.seen.config), [CheckConfig()]
    is_down = child.phase in (Phase.WAITING, Phase.PARKED)
    if not is_down or turn.now < child.start_at:
        return child, []
    started = spawned(child, turn.now)
    return started, [Start(child.spec.name, started.incarnation, turn.workers)]


def _bring_down(child: Child, turn: Turn) -> tuple[Child, list[Action]]:
    if child.is_alive:
        return _ask(child, "", turn)
    if child.phase is Phase.STOPPED:
        return child, []
    return step(child, Event.ENDED, turn.now), []


def _ask(child: Child, why: str, turn: Turn) -> tuple[Child, list[Action]]:
    if child.phase is Phase.KILLED:
        return replace(child, was_asked=True), []
    is_repeat = child.phase is Phase.STOPPING
    if is_repeat and turn.now < later(child.asked_at, turn.patience.stop_repeat_seconds):
        return child, []
    return asked(child, why, turn.now), [Ask(child.spec.name, stop_reason(turn.course))]

"""A worker as the root sees it: data, and the table of what may happen to it; pure.

Invariant: the phase changes only through `TRANSITIONS`; anything else raises
`IllegalTransition`. A beat or an exit of another incarnation than the present one changes nothing
but the count of abandoned processes.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from runtime.clock import Instant
from workers.spec import WorkerSpec

BEGINNING: Final = Instant(0.0)
"""Before anything happened."""


class Phase(StrEnum):
    """Where a child is in its life."""

    WAITING = "waiting"
    """No process; started as soon as its time has come."""
    STARTING = "starting"
    """Started, no beat yet."""
    RUNNING = "running"
    STOPPING = "stopping"
    """Asked to end."""
    KILLED = "killed"
    """SIGKILL was sent, the exit is not collected yet."""
    PARKED = "parked"
    """No process; exhausted, tried again slowly or after a change of the configuration."""
    STOPPED = "stopped"
    """No process, and none will be started."""


class Event(StrEnum):
    """What happens to a child."""

    SPAWNED = "spawned"
    BEAT = "beat"
    ASKED = "asked"
    KILL_SENT = "kill_sent"
    GONE = "gone"
    """Its process is gone; it will be started again."""
    EXHAUSTED = "exhausted"
    """Its process is gone, too often."""
    ENDED = "ended"
    """Its process is gone, or it had none, and it is to stay down."""


class IllegalTransition(RuntimeError):
    """An event that cannot happen in this phase: our bug."""


ALIVE: Final = frozenset({Phase.STARTING, Phase.RUNNING, Phase.STOPPING, Phase.KILLED})
"""The phases that have a process."""

TRANSITIONS: Final[dict[tuple[Phase, Event], Phase]] = {
    (Phase.WAITING, Event.SPAWNED): Phase.STARTING,
    (Phase.PARKED, Event.SPAWNED): Phase.STARTING,
    (Phase.STARTING, Event.BEAT): Phase.RUNNING,
    (Phase.RUNNING, Event.BEAT): Phase.RUNNING,
    (Phase.STOPPING, Event.BEAT): Phase.STOPPING,
    (Phase.KILLED, Event.BEAT): Phase.KILLED,
    (Phase.STARTING, Event.ASKED): Phase.STOPPING,
    (Phase.RUNNING, Event.ASKED): Phase.STOPPING,
    (Phase.STOPPING, Event.ASKED): Phase.STOPPING,
    (Phase.STARTING, Event.KILL_SENT): Phase.KILLED,
    (Phase.RUNNING, Event.KILL_SENT): Phase.KILLED,
    (Phase.STOPPING, Event.KILL_SENT): Phase.KILLED,
    **{(phase, Event.GONE): Phase.WAITING for phase in sorted(ALIVE)},
    **{(phase, Event.EXHAUSTED): Phase.PARKED for phase in sorted(ALIVE)},
    **{(phase, Event.ENDED): Phase.STOPPED for phase in sorted(ALIVE)},
    (Phase.WAITING, Event.ENDED): Phase.STOPPED,
    (Phase.PARKED, Event.ENDED): Phase.STOPPED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Child:
    """One worker and what is remembered of it; may be lost with the root at any moment."""

    spec: WorkerSpec
    phase: Phase = Phase.WAITING
    since: Instant = BEGINNING
    """When the phase began."""
    incarnation: int = 0
    """Number of its last start."""
    sign_at: Instant = BEGINNING
    """Its start or its last beat, whichever was later."""
    has_beaten: bool = False
    """Whether the present (or last) process was ever ready."""
    was_asked: bool = False
    """Whether its end is our own wish."""
    asked_at: Instant = BEGINNING
    start_at: Instant = BEGINNING
    """Not started before this."""
    deaths: tuple[Instant, ...] = ()
    """Unasked ends within the restart window."""
    was_started: bool = False
    """Whether this root has ever started it."""
    restarts: int = 0
    """Ends that nobody asked for, for people."""
    parks: int = 0
    """How often it was parked without having run well since."""
    abandoned: int = 0
    """Killed processes that the kernel has not let go."""
    bad_config: str = ""
    """The configuration with which it refused to run; it waits for another one."""
    reason: str = ""
    """Why it is not simply running, for people."""
    note: str = ""
    """What its last beat said of itself."""

    @property
    def is_alive(self) -> bool:
        """Whether it has a process."""
        return self.phase in ALIVE

    @property
    def is_on_trial(self) -> bool:
        """Whether it was parked and has not run well since."""
        return self.parks > 0


def step(child: Child, event: Event, now: Instant) -> Child:
    """Return the child in its next phase; raises `IllegalTransition`."""
    try:
        phase = TRANSITIONS[child.phase, event]
    except KeyError:
        name = child.spec.name
        raise IllegalTransition(f"{name}: {event} while {child.phase}") from None
    return child if phase is child.phase else replace(child, phase=phase, since=now)


def spawned(child: Child, now: Instant) -> Child:
    """Return the child with a new process."""
    return replace(
        step(child, Event.SPAWNED, now),
        incarnation=child.incarnation + 1,
        sign_at=now,
        has_beaten=False,
        was_asked=False,
        was_started=True,
        note="",
        bad_config="",
    )


def beaten(child: Child, note: str, now: Instant) -> Child:
    """Return the child after a beat of its present process."""
    if not child.is_alive:
        return child
    beating = replace(step(child, Event.BEAT, now), sign_at=now, has_beaten=True, note=note)
    is_well = child.phase is Phase.STARTING and not child.is_on_trial
    return replace(beating, reason="") if is_well else beating


def asked(child: Child, reason: str, now: Instant) -> Child:
    """Return the child after it was told (again) to end."""
    return replace(
        step(child, Event.ASKED, now), was_asked=True, asked_at=now, reason=child.reason or reason
    )


def kill_sent(child: Child, reason: str, now: Instant) -> Child:
    """Return the child after SIGKILL."""
    return replace(step(child, Event.KILL_SENT, now), reason=reason)


def put_off(child: Child, seconds: float) -> Child:
    """Return the child with its timers `seconds` later: that time was nobody's fault."""
    return replace(
        child,
        since=Instant(child.since + seconds),
        sign_at=Instant(child.sign_at + seconds),
    )


def afresh(child: Child, now: Instant) -> Child:
    """Return the child with its timers starting now."""
    return replace(child, since=now, sign_at=now)

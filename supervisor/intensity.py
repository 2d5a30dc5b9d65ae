"""What follows the death of a worker: how soon it is started again, or that it is parked; pure.

Invariant: the first restart of one that had been ready is immediate, any other one waits; more
deaths within the window than the spec bears are never answered by another quick start.
"""

from dataclasses import dataclass, replace

from runtime.clock import Instant, later
from runtime.exitcode import ExitCode
from supervisor.child import Child, Event, Phase, step
from supervisor.patience import Patience
from workers.spec import WhenExhausted


@dataclass(frozen=True, slots=True, kw_only=True)
class Death:
    """The end of a child's process."""

    code: int
    """Exit code; minus the signal's number when a signal ended it."""
    at: Instant
    chance: float
    """Random, 0 to 1: spreads the restarts of several."""
    config: str
    """Which configuration is there now."""


def bury(child: Child, death: Death, patience: Patience) -> Child:
    """Return the child after an end nobody asked for."""
    how = child.reason if child.phase is Phase.KILLED else how_ended(death.code)
    deaths = (*_recent(child, death.at), death.at)
    dead = replace(child, deaths=deaths, restarts=child.restarts + 1, reason=how)
    if death.code == ExitCode.CONFIG:
        return _hold_for_config(dead, death)
    if child.is_on_trial or len(deaths) > child.spec.restarts:
        return _park(dead, death, patience)
    wait = _back_off(len(deaths), child, death.chance, patience)
    return replace(step(dead, Event.GONE, death.at), start_at=later(death.at, wait))


def is_given_up(child: Child) -> bool:
    """Whether the root itself has to end because of this child."""
    return child.phase is Phase.PARKED and child.spec.when_exhausted is WhenExhausted.ESCALATE


def has_recovered(child: Child, now: Instant) -> bool:
    """Whether a parked child has run well again for a whole window."""
    long_enough = now - child.since >= child.spec.restart_window_seconds
    return child.is_on_trial and child.phase is Phase.RUNNING and long_enough


def how_ended(code: int) -> str:
    """Say in words how a process ended."""
    if code < 0:
        return f"killed by signal {-code}"
    return "cannot be started" if code == NOT_STARTED else f"exited with {code}"


NOT_STARTED = 127
"""The exit code we give to a process that could not even be executed, as a shell does."""


def _recent(child: Child, now: Instant) -> tuple[Instant, ...]:
    window = child.spec.restart_window_seconds
    return tuple(at for at in child.deaths if now - at < window)


def _hold_for_config(child: Child, death: Death) -> Child:
    return replace(
        step(child, Event.EXHAUSTED, death.at),
        bad_config=death.config,
        reason="refuses its configuration; waits for a change of the file",
    )


def _park(child: Child, death: Death, patience: Patience) -> Child:
    doubled = patience.park_seconds * 2.0 ** min(child.parks, 16)
    wait = min(doubled, patience.park_at_most_seconds) * _spread(death.chance)
    return replace(
        step(child, Event.EXHAUSTED, death.at),
        parks=child.parks + 1,
        start_at=later(death.at, wait),
        deaths=(),
    )


def _back_off(count: int, child: Child, chance: float, patience: Patience) -> float:
    doubled = patience.back_off_seconds * 2.0 ** min(count - 2, 16) if count > 1 else 0.0
    wait = min(doubled, patience.back_off_at_most_seconds)
    if not child.has_beaten:
        wait = max(wait, patience.unready_pause_seconds)
    return wait * _spread(chance)


def _spread(chance: float) -> float:
    return 0.8 + 0.4 * chance

"""Makes certain that exactly one copy of a VM goes on after a live migration.

Invariant: what is done follows from `settling` alone, and what destroys a copy or lets one go only
from the same look twice running; the ending is said of what was seen last, never of what was done.
"""

import contextlib
from collections.abc import Callable
from typing import Final, Protocol

from runtime.clock import SYSTEM_CLOCK, Clock
from runtime.deadline import Deadline
from runtime.errors import Unavailable
from workers.vm.child.settling import ENDS, Side, Step, next_step
from workers.vm.jobs import Ending

Ended = tuple[Ending, str]
_SOON_SECONDS: Final = 0.02
_LOOK_SECONDS: Final = 0.2
_FOLLOW_SECONDS: Final = 0.5
_ABORT_SECONDS: Final = 15.0
"""How long after the deadline a migration that was broken off may take to end."""
_UNSURE_SECONDS: Final = 8.0
"""How long a node that does not answer is asked again: a libvirt that is restarted needs less."""
_MOMENT_SECONDS: Final = 40.0
"""How long what passes by itself may take: libvirt gives a silent sender up in less."""

_NOTES: Final = {
    Step.UNCERTAIN: "a node that may have it does not answer",
    Step.LOST: "it is on neither node",
}


class SourceCopy(Protocol):
    """The VM on this node; every call raises `Unavailable` when its libvirt does not answer."""

    def look(self) -> tuple[Side, bool]:
        """Return how it is, and whether a migration of it is under way; never raises."""

    def resume(self) -> None:
        """Let it run."""

    def destroy(self) -> None:
        """End it."""

    def break_off(self) -> None:
        """Break its migration off."""


class TargetCopy(Protocol):
    """The VM on the other node; calls as above."""

    def look(self) -> Side:
        """Return how it is; never raises."""

    def resume(self) -> None:
        """Let it run."""

    def destroy(self) -> None:
        """End it."""


class Settlement:
    """One of them, step by step."""

    def __init__(
        self,
        source: SourceCopy,
        target: TargetCopy,
        clock: Clock = SYSTEM_CLOCK,
        *,
        is_stale: bool = False,
    ) -> None:
        """`is_stale`: the source has run on since the copy was made that the target may have."""
        self._source = source
        self._target = target
        self._clock = clock
        self._is_stale = is_stale
        self._before: object = None

    def run(self, seconds: float) -> Ended:
        """Settle; a migration that still runs is followed for so long, then broken off."""
        following, moment = self._after(seconds), self._after(seconds + _MOMENT_SECONDS)
        unsure, is_broken_off = self._after(_UNSURE_SECONDS), False
        while True:
            seen = self._look()
            step = next_step(seen[0], seen[1], is_moving=seen[2], is_stale=self._is_stale)
            if step in ENDS and (Side.UNKNOWN not in seen or unsure.is_over):
                return Ending(step.value), _note(step, seen)
            if moment.is_over:
                return Ending.UNCERTAIN, f"it does not settle: source {seen[0]}, target {seen[1]}"
            if step is Step.FOLLOW and following.is_over and not is_broken_off:
                is_broken_off = True
                moment = self._after(_ABORT_SECONDS)
                with contextlib.suppress(Unavailable):
                    self._source.break_off()
            self._take(step, seen)

    def _look(self) -> tuple[Side, Side, bool]:
        source, is_moving = self._source.look()
        if is_moving:
            self._is_stale = False
        elif source is Side.RUNNING:
            self._is_stale = True
        return source, self._target.look(), is_moving

    def _take(self, step: Step, seen: object) -> None:
        is_sure, self._before = seen == self._before, seen
        # A process that has ended does not come back: its heir need not wait for a second look.
        if step is Step.LET_GO or (is_sure and step in _ACTS):
            self._act(step)
            self._before = None
            self._clock.sleep(_SOON_SECONDS)
        else:
            self._clock.sleep(_FOLLOW_SECONDS if step is Step.FOLLOW else _LOOK_SECONDS)

    def _act(self, step: Step) -> None:
        acts: dict[Step, Callable[[], None]] = {
            Step.LET_GO: self._target.resume,
            Step.DROP: self._target.destroy,
            Step.GO_ON: self._source.resume,
            Step.YIELD: self._source.destroy,
        }
        with contextlib.suppress(Unavailable):
            acts[step]()

    def _after(self, seconds: float) -> Deadline:
        return Deadline.after(seconds, self._clock)


_ACTS: Final = (Step.DROP, Step.GO_ON, Step.YIELD)


def _note(step: Step, seen: tuple[Side, Side, bool]) -> str:
    if step is Step.STAYED and seen[1] is Side.UNKNOWN:
        return "the target does not answer; a copy that never ran may be left there"
    return _NOTES.get(step, "")

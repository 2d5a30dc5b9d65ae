"""Makes certain that exactly one copy of a VM goes on after a live migration.

Invariant: what is done follows from `settling` alone, and what destroys a copy or lets one go only
from the same look twice running; the ending is said of what was seen last, never of what was done.
"""

from typing import Any, Final

from runtime.clock import SYSTEM_CLOCK
from runtime.deadline import Deadline
from runtime.errors import Unavailable
from workers.vm.child.libvirt_sides import Source, Target
from workers.vm.child.settling import ENDS, Side, Step, next_step
from workers.vm.jobs import Ending

Ended = tuple[Ending, str]
_LOOK_SECONDS: Final = 0.2
_FOLLOW_SECONDS: Final = 0.5
_ABORT_SECONDS: Final = 15.0
"""How long after the deadline a migration that was broken off may take to end."""
_MOMENT_SECONDS: Final = 40.0
"""How long what passes by itself may take: libvirt gives a silent sender up in less."""

_NOTES: Final = {
    Step.UNCERTAIN: "a node that may have it does not answer",
    Step.LOST: "it is on neither node",
}


class Settlement:
    """One of them, step by step."""

    def __init__(self, source: Source, target: Target) -> None:
        self._source = source
        self._target = target
        self._before: Any = None

    def run(self, seconds: float) -> Ended:
        """Settle; a migration that still runs is followed for so long, then broken off."""
        following, moment = Deadline.after(seconds), Deadline.after(seconds + _MOMENT_SECONDS)
        is_broken_off = False
        while True:
            seen = self._look()
            step = next_step(seen[0], seen[1], is_moving=seen[2])
            if step in ENDS:
                return Ending(step.value), _note(step, seen)
            if moment.is_over:
                return Ending.UNCERTAIN, f"it does not settle: source {seen[0]}, target {seen[1]}"
            if step is Step.FOLLOW and following.is_over and not is_broken_off:
                is_broken_off = True
                moment = Deadline.after(_ABORT_SECONDS)
                self._break_off()
            self._take(step, seen)

    def _look(self) -> tuple[Side, Side, bool]:
        source, is_moving = self._source.look()
        return source, self._target.look(), is_moving

    def _take(self, step: Step, seen: object) -> None:
        is_sure, self._before = seen == self._before, seen
        # A process that has ended does not come back: its heir need not wait for a second look.
        if step is Step.LET_GO or (is_sure and step in _ACTS):
            try:
                self._act(step)
            except Unavailable:
                SYSTEM_CLOCK.sleep(_LOOK_SECONDS)
            self._before = None
        else:
            SYSTEM_CLOCK.sleep(_FOLLOW_SECONDS if step is Step.FOLLOW else _LOOK_SECONDS)

    def _act(self, step: Step) -> None:
        if step is Step.LET_GO:
            self._target.resume()
        elif step is Step.DROP:
            self._target.destroy()
        elif step is Step.GO_ON:
            self._source.resume()
        else:
            self._source.destroy()

    def _break_off(self) -> None:
        try:
            domain = self._source.domain()
            if domain is not None:
                self._source.ask(domain.abortJob)
        except Unavailable:
            return


_ACTS: Final = (Step.DROP, Step.GO_ON, Step.YIELD)


def _note(step: Step, seen: tuple[Side, Side, bool]) -> str:
    if step is Step.STAYED and seen[1] is Side.UNKNOWN:
        return "the target does not answer; a copy that never ran may be left there"
    return _NOTES.get(step, "")

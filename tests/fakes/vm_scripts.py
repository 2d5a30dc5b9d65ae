"""Things that take time in a fake world, written as generators.

A script yields how many seconds to wait, or an `Until`; it is answered whether the condition came
true in time. It goes on when the fake clock reaches the instant or when the world has changed, so
nothing here runs by itself.
"""

from collections.abc import Callable, Generator
from dataclasses import dataclass
from math import inf
from typing import Any

from tests.fakes.clock import FakeClock


@dataclass(frozen=True, slots=True)
class Until:
    """Wait for a condition, at most so long."""

    holds: Callable[[], bool]
    seconds: float


Script = Generator["float | Until", bool, Any]


class Running:
    """A script under way."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.waits: Until | None = None
        self.turn = 0
        self.is_over = False


class Stage:
    """Where scripts run."""

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock
        self._running: list[Running] = []

    def start(self, script: Script) -> Running:
        """Run a script to its first wait."""
        running = Running(script)
        self._running.append(running)
        self._step(running, first=True, answer=False)
        return running

    def stop(self, running: Running) -> None:
        """End a script where it stands."""
        running.is_over = True
        running.script.close()
        if running in self._running:
            self._running.remove(running)

    def changed(self) -> None:
        """Let those go on whose condition has come true."""
        for running in list(self._running):
            if running.waits is not None and running.waits.holds():
                self._step(running, answer=True)

    def _step(self, running: Running, *, answer: bool, first: bool = False) -> None:
        if running.is_over:
            return
        running.waits, running.turn = None, running.turn + 1
        try:
            wait = next(running.script) if first else running.script.send(answer)
        except StopIteration:
            self.stop(running)
            return
        if isinstance(wait, Until) and wait.holds():
            self._step(running, answer=True)
            return
        running.waits = wait if isinstance(wait, Until) else None
        seconds = wait.seconds if isinstance(wait, Until) else wait
        turn = running.turn
        if seconds == inf:
            return
        self.clock.at(self.clock.now() + seconds, lambda: self._time_is_over(running, turn))

    def _time_is_over(self, running: Running, turn: int) -> None:
        if running.turn == turn and not running.is_over:
            is_true = running.waits is not None and running.waits.holds()
            self._step(running, answer=is_true)

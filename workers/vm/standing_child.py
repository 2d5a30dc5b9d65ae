"""A child that is always there: started again when it ended, killed when it hangs.

Invariant: looking after it never waits; it is started by whoever looks, which is the worker's main
thread.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from runtime.clock import Clock, Instant, later
from runtime.companion import Companion
from runtime.errors import Unavailable
from runtime.log import get_logger

log = get_logger(__name__)

_FIRST_BACKOFF_SECONDS: Final = 0.5
_LONGEST_BACKOFF_SECONDS: Final = 10.0
_MOST_DOUBLINGS: Final = 8
_SOUND_SECONDS: Final = 20.0
"""One that lived so long owes nothing to how often its forerunners ended."""

StartChild = Callable[[str, Callable[[], None]], Companion]
"""Starts a child of a kind, given what wakes its owner; raises `Unavailable`."""


@dataclass(slots=True, kw_only=True)
class _Life:
    companion: Companion
    begun_at: Instant
    heard_at: Instant


class StandingChild:
    """The watcher or the meter as the worker has it."""

    def __init__(
        self, kind: str, start: StartChild, wake: Callable[[], None], clock: Clock
    ) -> None:
        self.kind = kind
        self._start = start
        self._wake = wake
        self._clock = clock
        self._life: _Life | None = None
        self._short_lives = 0
        self._not_before = clock.now()
        self._gone: list[Companion] = []
        """Ended or killed, and not yet collected."""

    def hear(self) -> list[str]:
        """Return what it has said since the last time; starts it when it is not there."""
        now = self._clock.now()
        self._gone = [companion for companion in self._gone if not companion.is_over]
        if self._life is None:
            self._begin(now)
        life = self._life
        if life is None:
            return []
        is_over = life.companion.is_over
        lines = life.companion.lines()
        if lines:
            life.heard_at = now
        if is_over:
            self._end(f"it ended with code {life.companion.code}", now)
        return lines

    @property
    def heard_at(self) -> Instant | None:
        """When it said something last, or began; None while there is none."""
        return None if self._life is None else self._life.heard_at

    def replace(self, reason: str) -> None:
        """Kill it: it hangs; another one is started at the next look, later if that was often."""
        if self._life is not None:
            self._life.companion.kill()
            self._end(reason, self._clock.now())

    def close(self) -> None:
        """End it for good."""
        if self._life is not None:
            self._life.companion.kill()

    def _begin(self, now: Instant) -> None:
        if now < self._not_before:
            return
        try:
            companion = self._start(self.kind, self._wake)
        except Unavailable as error:
            log.warning("child_not_started", child=self.kind, reason=error.message)
            self._back_off(now)
            return
        self._life = _Life(companion=companion, begun_at=now, heard_at=now)

    def _end(self, reason: str, now: Instant) -> None:
        assert self._life is not None
        if now - self._life.begun_at >= _SOUND_SECONDS:
            self._short_lives = 0
        log.warning("child_replaced", child=self.kind, pid=self._life.companion.pid, reason=reason)
        self._gone.append(self._life.companion)
        self._life = None
        self._back_off(now)

    def _back_off(self, now: Instant) -> None:
        """The first time at once, then later and later."""
        self._short_lives += 1
        doublings = min(self._short_lives, _MOST_DOUBLINGS) - 2
        seconds = _FIRST_BACKOFF_SECONDS * 2.0**doublings if doublings >= 0 else 0.0
        self._not_before = later(now, min(seconds, _LONGEST_BACKOFF_SECONDS))

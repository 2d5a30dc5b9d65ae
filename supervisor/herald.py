"""Who tells systemd and keepalive how the tree is: at each change, and regularly."""

from collections.abc import Callable, Mapping
from typing import Any

from bus.ends import Outgoing
from bus.messages import Facts
from bus.topics import Topic
from runtime.clock import LONG_AGO, Instant, later
from supervisor.patience import Patience
from supervisor.report import facts, is_ready, status
from supervisor.schema_plan import SchemaView
from supervisor.seen import Course, Memory

NAME = "supervisor"

Notify = Callable[..., None]


class Herald:
    """Sends `facts.supervisor`, and READY=1, STATUS=, WATCHDOG=1 to systemd."""

    def __init__(
        self,
        *,
        outgoing: Outgoing,
        notify: Notify,
        watchdog_seconds: float | None,
        patience: Patience,
        was_ready: bool,
    ) -> None:
        self._outgoing = outgoing
        self._notify = notify
        self._watchdog_seconds = watchdog_seconds
        self._patience = patience
        self._is_announced = False
        self.was_ready = was_ready
        """Whether all workers have run once in this life of the tree."""
        self._facts: dict[str, Any] = {}
        self._facts_at = self._watchdog_at = LONG_AGO
        self._status = ""
        self._refusal = ""
        self._course = Course.RUN

    def tell(
        self, memory: Memory, schema: SchemaView, pids: Mapping[str, int], now: Instant
    ) -> None:
        """Tell what is new or due."""
        is_ready_now = memory.course is Course.RUN and is_ready(memory, schema)
        self.was_ready = self.was_ready or is_ready_now
        self._tell_keepalive(facts(memory, schema, pids, was_ready=self.was_ready), now)
        news = self._news(memory, self._refusal + status(memory, schema), is_ready_now=is_ready_now)
        if self._watchdog_seconds and now >= later(self._watchdog_at, self._watchdog_seconds / 3):
            self._watchdog_at = now
            news.append("WATCHDOG=1")
        if news:
            self._notify(*news)

    def due_at(self) -> Instant:
        """Return when `tell` must be called at the latest."""
        due = later(self._facts_at, self._patience.facts_interval_seconds)
        if self._watchdog_seconds is None:
            return due
        return min(due, later(self._watchdog_at, self._watchdog_seconds / 3))

    def refuse_reload(self, why: str) -> None:
        """Tell systemd that a reload was refused, and that all runs on as before.

        The status line says so until a reload succeeds: whoever looks later must see it too.
        """
        self._refusal = f"reload refused: {why} (see the journal); "
        self._notify("READY=1")

    def _tell_keepalive(self, values: dict[str, Any], now: Instant) -> None:
        is_due = now >= later(self._facts_at, self._patience.facts_interval_seconds)
        if values == self._facts and not is_due:
            return
        self._facts, self._facts_at = values, now
        self._outgoing.send(Topic.FACTS, NAME, Facts(worker=NAME, values=values))

    def _news(self, memory: Memory, line: str, *, is_ready_now: bool) -> list[str]:
        news = []
        if memory.course is not self._course:
            self._course = memory.course
            news.append("RELOADING=1" if memory.course is Course.RELOAD else "STOPPING=1")
            if memory.course is Course.RELOAD:
                # systemd 253 and later asks for the time with it; the clock is the same.
                news.append(f"MONOTONIC_USEC={int(memory.course_since * 1e6)}")
        if is_ready_now and not self._is_announced:
            self._is_announced = True
            news.append("READY=1")
        if line != self._status:
            self._status = line
            news.append(f"STATUS={line}")
        return news

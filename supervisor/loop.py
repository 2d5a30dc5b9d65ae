"""The root's one loop: wait for anything, see, plan, act, tell.

Invariant: nothing here waits but the one wait for signals, ends of processes, beats, news of the
schema and the next time something is due; whatever hangs outside, supervision goes on.
"""

import signal
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, assert_never

from bus.ends import Incoming, Outgoing
from bus.messages import Beat, Stop
from bus.topics import Topic
from runtime.clock import Clock
from runtime.log import get_logger
from supervisor.actions import (
    Abandon,
    Action,
    Ask,
    CheckConfig,
    Finish,
    Kill,
    Reexecute,
    Start,
)
from supervisor.child import Child
from supervisor.crew import Crew, Watching
from supervisor.herald import Herald
from supervisor.patience import Patience
from supervisor.plan import plan
from supervisor.reload import Configuration, ReloadCheck
from supervisor.schema_plan import SchemaView
from supervisor.seen import Memory, Order, Seen

log = get_logger(__name__)


class Ears(Incoming, Watching, Protocol):
    """Where beats arrive and where the root waits."""


class Signals(Protocol):
    """The signals that have arrived."""

    def fileno(self) -> int:
        """Return a descriptor that can be read when there is one."""

    def drain(self) -> tuple[int, ...]:
        """Return them once."""


class Schema(Protocol):
    """What keeps an eye on the tree's version."""

    def fileno(self) -> int:
        """Return a descriptor that can be read when there is news."""

    def view(self) -> SchemaView:
        """Return what is known now; never blocks."""

    def look_after(self) -> None:
        """Let it run; replace it when it fell."""

    def ask_to_end(self) -> None:
        """Let it end soon; does not wait."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What the loop is assembled from."""

    clock: Clock
    ears: Ears
    voice: Outgoing
    signals: Signals
    schema: Schema
    configuration: Configuration
    crew: Crew
    herald: Herald
    patience: Patience
    chance: Callable[[], float]


class Root:
    """The root's memory between turns."""

    def __init__(self, parts: Parts, memory: Memory) -> None:
        self._parts = parts
        self.memory = memory
        self._orders: list[Order] = []
        self._reload = ReloadCheck(parts.configuration, parts.ears)
        for source in (parts.signals, parts.schema):
            parts.ears.wake_on(source.fileno())

    def run(self) -> Finish | Reexecute:
        """Supervise until the tree has ended; returns how."""
        while True:
            end = self.turn()
            if end is not None:
                return end

    def turn(self) -> Finish | Reexecute | None:
        """Wait for something, and do what follows from it."""
        seen = self._observe()
        now = self._parts.clock.now()
        planned = plan(seen, self.memory, now, self._parts.patience)
        self._note_changes(self.memory, planned.memory)
        self.memory = planned.memory
        # Keepalive hears of a change of course before the first worker is asked to end.
        self._parts.herald.tell(self.memory, seen.schema, self._pids(), now)
        ends = [end for action in planned.actions if (end := self._act(action)) is not None]
        self._parts.herald.tell(self.memory, seen.schema, self._pids(), now)
        self._parts.schema.look_after()
        return ends[0] if ends else None

    def _observe(self) -> Seen:
        parts = self._parts
        until = min(self.memory.look_again, parts.herald.due_at())
        if parts.crew.has_news or self._orders:
            until = parts.clock.now()
        beats = tuple(
            envelope.message
            for envelope in parts.ears.receive(until)
            if isinstance(envelope.message, Beat)
        )
        self._hear_signals()
        self._hear_check()
        orders, self._orders = tuple(self._orders), []
        return Seen(
            schema=parts.schema.view(),
            beats=beats,
            exits=parts.crew.collect(),
            orders=orders,
            config=parts.configuration.fingerprint(),
            chance=parts.chance(),
        )

    def _hear_signals(self) -> None:
        for number in self._parts.signals.drain():
            log.info("signal_received", signal=signal.Signals(number).name)
            if number == signal.SIGHUP:
                self._reload.begin()
            else:
                self._orders.append(Order.LEAVE)

    def _hear_check(self) -> None:
        match self._reload.answer():
            case True:
                self._orders.append(Order.RELOAD)
            case False:
                log.error("reload_refused", reason="the configuration has faults")
                self._parts.herald.refuse_reload("the configuration has faults")
            case None:
                return

    def _act(self, action: Action) -> Finish | Reexecute | None:
        crew = self._parts.crew
        match action:
            case Start():
                crew.start(action)
            case Ask(worker, reason):
                self._parts.voice.send(Topic.CONTROL, worker, Stop(worker=worker, reason=reason))
            case Kill(worker, incarnation):
                crew.kill(worker, incarnation)
            case Abandon(worker, incarnation):
                pid = crew.pid(worker, incarnation)
                log.error("worker_abandoned", name=worker, pid=pid)
            case CheckConfig():
                self._reload.begin()
            case Finish() | Reexecute():
                return action
            case _:
                assert_never(action)
        return None

    def _pids(self) -> dict[str, int]:
        crew = self._parts.crew
        return {
            child.spec.name: crew.pid(child.spec.name, child.incarnation)
            for child in self.memory.children
            if child.is_alive
        }

    def _note_changes(self, old: Memory, new: Memory) -> None:
        if new.course is not old.course:
            log.info("course_changed", old=old.course, new=new.course)
            # A migration under way ends at its next step; another root will resume it.
            self._parts.schema.ask_to_end()
        for before, after in zip(old.children, new.children, strict=True):
            _note_child(before, after)


def _note_child(before: Child, after: Child) -> None:
    if before.phase is after.phase and before.incarnation == after.incarnation:
        return
    is_bad = after.restarts > before.restarts or after.parks > before.parks
    write = log.warning if is_bad else log.info
    facts = {"restarts": after.restarts, "reason": after.reason} if after.reason else {}
    write("worker_changed", name=after.spec.name, old=before.phase, new=after.phase, **facts)

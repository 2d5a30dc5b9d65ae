"""The loop of every worker: observe, decide, act, one beat per round at least.

Production and simulation run the same rounds, with another clock and other callables. Invariant:
the beat comes from here and nowhere else, so a call that hangs is a missed beat; and the loop ends
only because it was told to or because of our own bug.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

from bus.ends import Incoming
from bus.messages import Envelope, Stop, StopReason
from runtime.clock import Clock, Instant, later
from runtime.errors import Unavailable
from runtime.log import get_logger
from workers.decision import Decision

log = get_logger(__name__)

Seen = TypeVar("Seen")
Action = TypeVar("Action")
Memory = TypeVar("Memory")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How the loop keeps time."""

    longest_wait_seconds: float
    """A round, and so a beat, comes at least this often."""
    shortest_wait_seconds: float = 0.01
    """Between two rounds, however many hints arrive."""
    first_backoff_seconds: float = 0.1
    """After something outside did not answer; doubles up to the longest wait."""


def _nothing_heard(_: Envelope) -> bool:
    return True


def _nothing_to_finish(_: StopReason) -> None:
    return


def _never_held() -> str:
    return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts(Generic[Seen, Action, Memory]):
    """What a worker brings to the loop."""

    observe: Callable[[], Seen]
    decide: Callable[[Seen, Memory, Instant], Decision[Action, Memory]]
    act: Callable[[Action], None]
    memory: Memory
    """What it begins with."""
    hear: Callable[[Envelope], bool] = _nothing_heard
    """Take a message in; True when it is a reason to look now."""
    hold: Callable[[], str] = _never_held
    """Why nothing may be done at present; empty when all may."""
    finish: Callable[[StopReason], None] = _nothing_to_finish
    """The last thing it does when told to end."""


class Rounds(Generic[Seen, Action, Memory]):
    """Turns the rounds of one worker; the simulator calls `turn` itself."""

    def __init__(
        self,
        parts: Parts[Seen, Action, Memory],
        *,
        clock: Clock,
        pace: Pace,
        beat: Callable[[int, str], None],
    ) -> None:
        self._parts = parts
        self._memory = parts.memory
        self._clock = clock
        self._pace = pace
        self._beat = beat
        self._round = 0
        self._failures = 0
        self._quiet_since = clock.now()
        """When the round began, or beat in between."""

    def turn(self) -> Instant:
        """Do one round, send its beat, and return when to look again."""
        self._round += 1
        self._quiet_since = self._clock.now()
        try:
            look_again, note = self._look()
            self._failures = 0
        except Unavailable as error:
            look_again, note = self._back_off(), error.message
            log.debug("round_deferred", reason=error.message)
        self._beat(self._round, note)
        return look_again

    def _look(self) -> tuple[Instant, str]:
        if note := self._parts.hold():
            return later(self._clock.now(), self._pace.longest_wait_seconds), note
        seen = self._parts.observe()
        decision = self._parts.decide(seen, self._memory, self._clock.now())
        self._memory = decision.memory
        for action in decision.actions:
            self._parts.act(action)
            self._beat_meanwhile(decision.note)
        return decision.look_again, decision.note

    def _beat_meanwhile(self, note: str) -> None:
        """Beat in a long round too: many calls that are answered slowly are no call that hangs."""
        if self._clock.now() >= later(self._quiet_since, self._pace.longest_wait_seconds / 2):
            self._quiet_since = self._clock.now()
            self._beat(self._round, note)

    def _back_off(self) -> Instant:
        seconds = self._pace.first_backoff_seconds * 2.0 ** min(self._failures, 16)
        self._failures += 1
        return later(self._clock.now(), min(seconds, self._pace.longest_wait_seconds))


class Loop:
    """Turns rounds until told to end."""

    def __init__(
        self,
        *,
        worker: str,
        incoming: Incoming,
        clock: Clock,
        pace: Pace,
        asked: Callable[[], StopReason | None] = lambda: None,
        woken: Callable[[], bool] = lambda: False,
    ) -> None:
        self._worker = worker
        self._incoming = incoming
        self._clock = clock
        self._pace = pace
        self._asked = asked
        """Whether this process was told to end by other means than the bus (a signal)."""
        self._woken = woken
        """Whether another thread says that we should look; asking takes the flag down."""

    def run(
        self,
        parts: Parts[Seen, Action, Memory],
        beat: Callable[[int, str], None],
    ) -> StopReason:
        """Turn rounds; returns why it ended."""
        rounds = Rounds(parts, clock=self._clock, pace=self._pace, beat=beat)
        reason = None
        while reason is None:
            look_again = rounds.turn()
            reason = self._wait(look_again, parts.hear)
        parts.finish(reason)
        return reason

    def _wait(self, until: Instant, hear: Callable[[Envelope], bool]) -> StopReason | None:
        """Take messages in until it is time to look again; returns why to end, if so."""
        start = self._clock.now()
        until = min(until, later(start, self._pace.longest_wait_seconds))
        # A flood of hints makes rounds frequent, never endless.
        soonest = later(start, self._pace.shortest_wait_seconds)
        while True:
            # Asked before each wait: whoever sets it sets the wake too, which may be gone by now.
            if (reason := self._asked()) is not None:
                return reason
            envelopes = self._incoming.receive(until)
            if (reason := self._stop_in(envelopes)) is not None:
                return reason
            heard = [hear(envelope) for envelope in envelopes]
            if self._woken() or any(heard) or not envelopes:
                until = min(until, soonest)
            if self._clock.now() >= until:
                return None

    def _stop_in(self, envelopes: Iterable[Envelope]) -> StopReason | None:
        for envelope in envelopes:
            if isinstance(envelope.message, Stop) and envelope.message.worker == self._worker:
                return envelope.message.reason
        return None

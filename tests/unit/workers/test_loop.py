"""The loop on a fake clock and a fake bus."""

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise

import pytest

from bus.messages import Envelope, Hint, Stop, StopReason
from bus.topics import Topic, address
from runtime.clock import Instant, later
from runtime.errors import ConfigError, StoreUnavailable
from tests.fakes.bus import FakeBus
from tests.fakes.clock import FakeClock
from workers.decision import Decision
from workers.loop import Loop, Pace, Parts


@dataclass
class Stage:
    """A loop whose every call is written down."""

    every: float = 0.5
    failing: Callable[[int], Exception | None] = lambda _: None
    acts: int = 1
    act_seconds: float = 0.0
    held: Callable[[int], str] = lambda _: ""
    hears: bool = True
    clock: FakeClock = field(default_factory=FakeClock)
    log: list[tuple[float, str]] = field(default_factory=list)
    beats: list[tuple[float, int, str]] = field(default_factory=list)
    asked: StopReason | None = None

    def __post_init__(self) -> None:
        self.bus = FakeBus(self.clock)
        self.root = self.bus.outgoing("supervisor")
        self.incoming = self.bus.incoming([address(Topic.CONTROL, "vm"), Topic.HINT])
        self.start = self.clock.now()

    def run(self, longest: float = 2.0) -> StopReason:
        loop = Loop(
            worker="vm",
            incoming=self.incoming,
            clock=self.clock,
            pace=Pace(longest_wait_seconds=longest),
            asked=lambda: self.asked,
            woken=self.incoming.woken,
        )
        parts = Parts(
            observe=self._observe,
            decide=self._decide,
            act=self._act,
            memory=0,
            hear=self._hear,
            hold=lambda: self.held(len(self.beats)),
            finish=lambda reason: self._note(f"finish {reason}"),
        )
        return loop.run(
            parts, lambda n, note: self.beats.append((self.clock.now() - self.start, n, note))
        )

    def after(self, seconds: float, happen: Callable[[], object]) -> None:
        def happening() -> None:
            happen()

        self.clock.at(self.start + seconds, happening)

    def stop_after(self, seconds: float, reason: StopReason = StopReason.RESTART) -> None:
        self.after(seconds, lambda: self.send_stop("vm", reason))

    def send_stop(self, worker: str, reason: StopReason) -> None:
        self.root.send(Topic.CONTROL, worker, Stop(worker=worker, reason=reason))

    def hint(self) -> None:
        self.root.send(Topic.HINT, "vm", Hint(noun="vm"))

    def _note(self, what: str) -> None:
        self.log.append((round(self.clock.now() - self.start, 3), what))

    def _observe(self) -> int:
        if (error := self.failing(len(self.beats))) is not None:
            raise error
        return 7

    def _decide(self, seen: int, memory: int, now: Instant) -> Decision[str, int]:
        return Decision(
            [f"{seen + memory}"] * self.acts, memory + 1, later(now, self.every), note=f"{memory}"
        )

    def _act(self, action: str) -> None:
        self.clock.sleep(self.act_seconds)
        self._note(f"act {action}")

    def _hear(self, _: Envelope) -> bool:
        return self.hears


def test_a_round_observes_decides_acts_and_beats_and_memory_is_carried() -> None:
    stage = Stage()
    stage.stop_after(1.2)
    assert stage.run() is StopReason.RESTART
    assert stage.log == [
        (0.0, "act 7"),
        (0.5, "act 8"),
        (1.0, "act 9"),
        (1.2, "finish restart"),
    ]
    assert [(n, note) for _, n, note in stage.beats] == [(1, "0"), (2, "1"), (3, "2")]


def test_a_hint_brings_the_next_round_forward() -> None:
    stage = Stage(every=1.5)
    stage.after(0.3, stage.hint)
    stage.stop_after(0.6)
    stage.run()
    assert [at for at, _, _ in stage.beats] == pytest.approx([0.0, 0.3], abs=0.02)


def test_a_message_that_is_no_reason_to_look_does_not() -> None:
    stage = Stage(every=1.5, hears=False)
    for n in range(100):
        stage.after(0.01 * n, stage.hint)
    stage.stop_after(1.4)
    stage.run()
    assert len(stage.beats) == 1


def test_a_library_s_event_brings_the_next_round_forward() -> None:
    stage = Stage(every=1.5)
    stage.after(0.3, lambda: setattr(stage.incoming, "is_woken", True))
    stage.stop_after(0.6)
    stage.run()
    assert len(stage.beats) == 2


def test_a_flood_of_hints_makes_rounds_frequent_not_endless() -> None:
    stage = Stage(every=1.0)
    for n in range(1000):
        stage.after(0.001 * n, stage.hint)
    stage.stop_after(1.0)
    stage.run()
    assert 20 <= len(stage.beats) <= 101


def test_a_beat_comes_at_least_as_often_as_the_pace_demands() -> None:
    stage = Stage(every=100.0)
    stage.stop_after(4.5)
    stage.run(longest=1.0)
    assert [at for at, _, _ in stage.beats] == pytest.approx([0.0, 1.0, 2.0, 3.0, 4.0])


def test_a_long_round_of_calls_that_are_slow_beats_in_between() -> None:
    # A store that takes its time must not look like a call that hangs.
    stage = Stage(acts=20, act_seconds=0.4)
    stage.stop_after(9.0)
    stage.run(longest=1.0)
    times = [0.0, *(at for at, _, _ in stage.beats)]
    assert max(b - a for a, b in pairwise(times)) <= 1.4
    assert [n for _, n, _ in stage.beats][:3] == [1, 1, 1]


def test_a_call_that_hangs_is_a_missed_beat() -> None:
    stage = Stage(acts=2, act_seconds=30.0)
    stage.stop_after(31.0)
    stage.run(longest=1.0)
    assert stage.beats[0][0] >= 30.0


def test_what_is_unavailable_is_tried_again_later_and_later_and_named_in_the_beat() -> None:
    stage = Stage(failing=lambda n: StoreUnavailable("no session") if n < 6 else None)
    stage.stop_after(6.0)
    stage.run(longest=1.0)
    times = [at for at, _, _ in stage.beats]
    gaps = [round(b - a, 3) for a, b in pairwise(times)]
    assert gaps[:6] == pytest.approx([0.1, 0.2, 0.4, 0.8, 1.0, 1.0])
    assert stage.beats[0][2] == "no session"
    assert stage.beats[6][2] == "0"


def test_while_it_is_held_it_beats_and_touches_nothing() -> None:
    stage = Stage(held=lambda n: "schema is 15, started for 16" if n < 3 else "")
    stage.stop_after(3.3)
    stage.run(longest=1.0)
    assert [note for _, _, note in stage.beats[:3]] == ["schema is 15, started for 16"] * 3
    assert stage.log[0] == (3.0, "act 7")


@pytest.mark.parametrize("error", [ConfigError("no"), KeyError("ours"), RuntimeError("ours")])
def test_what_waiting_does_not_mend_ends_the_worker(error: Exception) -> None:
    stage = Stage(failing=lambda _: error)
    with pytest.raises(type(error)):
        stage.run()
    assert not stage.beats


def test_an_order_to_another_worker_is_not_for_us() -> None:
    stage = Stage()
    stage.incoming = stage.bus.incoming([Topic.CONTROL])
    stage.after(0.1, lambda: stage.send_stop("vmx", StopReason.LEAVING))
    stage.stop_after(0.2, StopReason.LEAVING)
    assert stage.run() is StopReason.LEAVING
    assert stage.log[-1] == (0.2, "finish leaving")


def test_a_signal_ends_it_although_the_wake_was_taken_before() -> None:
    stage = Stage(every=1.0)
    stage.after(0.25, lambda: setattr(stage, "asked", StopReason.RESTART))
    stage.after(0.25, stage.hint)
    assert stage.run() is StopReason.RESTART
    assert stage.log[-1] == (0.25, "finish restart")

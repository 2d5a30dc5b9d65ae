"""Settling step by step, between two sides that do as they are told."""

from collections.abc import Callable

import pytest

from runtime.errors import Unavailable
from tests.fakes.clock import FakeClock
from workers.vm.child.settlement import Settlement
from workers.vm.child.settling import Side
from workers.vm.jobs import Ending


class FakeSides:
    """Both copies; `plan` tells how they change by themselves."""

    def __init__(self, source: Side, target: Side) -> None:
        self.clock = FakeClock()
        self.sides = {"source": source, "target": target}
        self.is_moving = False
        self.is_abortable = True
        self.done: list[str] = []
        self.looks = 0

    def later(self, seconds: float, happen: Callable[[], None]) -> None:
        self.clock.at(self.clock.now() + seconds, happen)

    def answer_held(self) -> None:
        if self.sides["target"] is Side.UNKNOWN:
            self.sides["target"] = Side.HELD

    def settle(self, seconds: float = 60.0) -> tuple[Ending, str]:
        settlement = Settlement(FakeSource(self), FakeCopy(self, "target"), self.clock)
        return settlement.run(seconds)


class FakeCopy:
    def __init__(self, both: FakeSides, name: str) -> None:
        self.both, self.name = both, name

    def look(self) -> Side:
        self.both.looks += 1
        return self.both.sides[self.name]

    def resume(self) -> None:
        self._do("resume", Side.RUNNING)

    def destroy(self) -> None:
        self._do("destroy", Side.GONE)

    def _do(self, word: str, side: Side) -> None:
        if self.both.sides[self.name] is Side.UNKNOWN:
            raise Unavailable("it does not answer")
        self.both.done.append(f"{word} {self.name}")
        self.both.sides[self.name] = side


class FakeSource:
    def __init__(self, both: FakeSides) -> None:
        self.both, self.copy = both, FakeCopy(both, "source")
        self.resume, self.destroy = self.copy.resume, self.copy.destroy

    def look(self) -> tuple[Side, bool]:
        return self.copy.look(), self.both.is_moving

    def break_off(self) -> None:
        self.both.done.append("break off")
        if self.both.is_abortable:
            self.both.is_moving = False


def test_a_whole_copy_is_let_go_at_once_when_the_source_is_gone() -> None:
    both = FakeSides(Side.GONE, Side.HELD)
    assert both.settle()[0] is Ending.LEFT
    assert both.done == ["resume target"]
    assert both.clock.now() < 1000.1


def test_a_failed_move_leaves_the_source_alone() -> None:
    both = FakeSides(Side.HELD, Side.HELD)
    assert both.settle()[0] is Ending.STAYED
    assert both.done == ["destroy target", "resume source"]


def test_nothing_is_ended_because_of_one_look() -> None:
    both = FakeSides(Side.HELD, Side.HELD)
    # What looked held was the last moment of a move that came through.
    both.later(0.1, lambda: both.sides.update(source=Side.GONE))
    assert both.settle()[0] is Ending.LEFT
    assert both.done == ["resume target"]


def test_a_copy_that_others_let_go_takes_over() -> None:
    both = FakeSides(Side.HELD, Side.RUNNING)
    assert both.settle()[0] is Ending.LEFT
    assert both.done == ["destroy source"]


def test_a_migration_is_followed_to_its_end() -> None:
    both = FakeSides(Side.RUNNING, Side.ARRIVING)
    both.is_moving = True

    def come_through() -> None:
        both.is_moving = False
        both.sides.update(source=Side.GONE, target=Side.HELD)

    both.later(30.0, come_through)
    assert both.settle()[0] is Ending.LEFT
    assert both.done == ["resume target"]


def test_a_migration_that_takes_too_long_is_broken_off_once() -> None:
    both = FakeSides(Side.RUNNING, Side.ARRIVING)
    both.is_moving = True
    assert both.settle(5.0)[0] is Ending.STAYED
    assert both.done == ["break off", "destroy target"]


def test_a_migration_that_cannot_be_broken_off_is_uncertain() -> None:
    both = FakeSides(Side.RUNNING, Side.ARRIVING)
    both.is_moving, both.is_abortable = True, False
    ending, reason = both.settle(5.0)
    assert (ending, both.done) == (Ending.UNCERTAIN, ["break off"])
    assert "running" in reason and "arriving" in reason


def test_a_node_that_is_silent_is_asked_again_for_a_while() -> None:
    both = FakeSides(Side.UNKNOWN, Side.HELD)
    both.later(3.0, lambda: both.sides.update(source=Side.GONE))
    assert both.settle()[0] is Ending.LEFT


def test_a_node_that_stays_silent_makes_it_uncertain() -> None:
    both = FakeSides(Side.GONE, Side.UNKNOWN)
    ending, reason = both.settle()
    assert (ending, bool(reason), both.done) == (Ending.UNCERTAIN, True, [])
    assert both.clock.now() >= 1008.0


def test_a_source_that_runs_is_certain_whatever_the_target_says() -> None:
    both = FakeSides(Side.RUNNING, Side.UNKNOWN)
    ending, reason = both.settle()
    assert ending is Ending.STAYED
    assert "may be left there" in reason


@pytest.mark.parametrize("target", [Side.HELD, Side.UNKNOWN])
def test_a_copy_of_a_source_that_went_on_is_never_let_go(target: Side) -> None:
    # The answer of the target's last step was lost: libvirt let the source go on, and what it has
    # written since the copy at the target does not know.
    both = FakeSides(Side.RUNNING, target)
    both.later(0.1, lambda: both.sides.update(source=Side.GONE))
    both.later(2.0, lambda: both.answer_held())
    assert both.settle()[0] is Ending.LOST
    assert both.done == ["destroy target"]


def test_a_copy_from_before_the_move_is_never_let_go() -> None:
    both = FakeSides(Side.GONE, Side.HELD)
    settlement = Settlement(FakeSource(both), FakeCopy(both, "target"), both.clock, is_stale=True)
    assert settlement.run(60.0)[0] is Ending.LOST
    assert both.done == ["destroy target"]


def test_a_source_that_runs_while_it_is_sent_makes_no_copy_stale() -> None:
    both = FakeSides(Side.RUNNING, Side.ARRIVING)
    both.is_moving = True
    both.later(5.0, lambda: both.sides.update(source=Side.GONE, target=Side.HELD))
    assert both.settle()[0] is Ending.LEFT


def test_an_order_that_does_not_arrive_is_given_again() -> None:
    both = FakeSides(Side.RUNNING, Side.HELD)
    refusals = iter([True, True, False])
    whole = FakeCopy._do

    class Flaky(FakeCopy):
        def _do(self, word: str, side: Side) -> None:
            if next(refusals):
                raise Unavailable("away for a moment")
            whole(self, word, side)

    settlement = Settlement(FakeSource(both), Flaky(both, "target"), both.clock)
    assert settlement.run(60.0)[0] is Ending.STAYED
    assert both.done == ["destroy target"]

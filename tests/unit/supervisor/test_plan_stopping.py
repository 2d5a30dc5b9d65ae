"""The tree while it is to end: order, haste, stubborn workers, keepalive last."""

import pytest

from bus.messages import StopReason
from supervisor.actions import Ask, Finish, Kill, Reexecute, Start
from supervisor.child import Phase
from supervisor.seen import Order
from tests.fakes.tree import CONSOLE, KEEPALIVE, ROUTER, FakeTree, Habit

THREE = (KEEPALIVE, CONSOLE, ROUTER)


def test_leaving_stops_in_reverse_order_keepalive_last() -> None:
    tree = FakeTree(specs=THREE).run(5.0).order(Order.LEAVE).run(20.0)
    assert tree.names(Ask) == ["router", "console", "keepalive"]
    assert tree.end == Finish(0)
    reasons = {a.reason for _, a in tree.log if isinstance(a, Ask)}
    assert reasons == {StopReason.LEAVING}


def test_keepalive_has_a_round_to_say_so_before_the_others_stop() -> None:
    tree = FakeTree(specs=THREE).run(5.05).order(Order.LEAVE).run(20.0)
    assert 0.05 <= tree.of(Ask, "router")[0] - 1005.05 <= 0.5


def test_keepalive_that_says_nothing_does_not_hold_the_stop_up() -> None:
    tree = FakeTree(specs=THREE).run(5.0)
    tree.process("keepalive").next_beat = None
    tree.order(Order.LEAVE).run(20.0)
    assert tree.of(Ask, "router")[0] - 1005.0 == pytest.approx(1.5)


def test_reloading_stops_in_the_same_order_and_announces_nothing() -> None:
    tree = FakeTree(specs=THREE).run(5.0).order(Order.RELOAD).run(20.0)
    assert tree.names(Ask) == ["router", "console", "keepalive"]
    assert tree.end == Reexecute()
    assert {a.reason for _, a in tree.log if isinstance(a, Ask)} == {StopReason.RESTART}
    assert tree.now - 1005.0 < 1.0


def test_the_order_to_stop_is_repeated() -> None:
    tree = FakeTree(habits={"console": Habit(stops_after=1.0)}).run(5.0)
    tree.order(Order.RELOAD).run(20.0)
    assert len(tree.of(Ask, "console")) == 5


def test_one_that_does_not_listen_is_killed_after_its_own_stop_timeout() -> None:
    tree = FakeTree(habits={"console": Habit(stops_after=None)}).run(5.0)
    tree.order(Order.RELOAD).run(20.0)
    assert tree.of(Kill, "console") == pytest.approx([1010.0])
    assert tree.end == Reexecute()


def test_one_that_cannot_even_be_killed_does_not_hold_the_end_up() -> None:
    habit = Habit(stops_after=None, dies_of_kill=False)
    tree = FakeTree(habits={"console": habit}).run(5.0).order(Order.RELOAD).run(20.0)
    assert tree.end == Reexecute()
    assert tree.now - 1005.0 == pytest.approx(7.1, abs=0.2)


def test_keepalive_that_dies_while_the_others_stop_comes_back() -> None:
    tree = FakeTree(habits={"console": Habit(stops_after=4.0)}).run(5.0)
    tree.order(Order.LEAVE).run(1.0)
    tree.kill("keepalive")
    tree.run(20.0)
    assert len(tree.of(Start, "keepalive")) == 2
    assert tree.end == Finish(0)
    assert tree.names(Ask) == ["console", "keepalive"]


def test_another_that_dies_while_stopping_stays_down() -> None:
    tree = FakeTree(specs=THREE, habits={"router": Habit(stops_after=3.0)}).run(5.0)
    tree.order(Order.LEAVE).run(1.0)
    tree.kill("console")
    tree.run(0.1)
    assert tree.phase("console") is Phase.STOPPED
    tree.run(20.0)
    assert len(tree.of(Start, "console")) == 1


def test_the_second_order_to_leave_kills_all_but_keepalive() -> None:
    tree = FakeTree(specs=THREE, habits={"router": Habit(stops_after=4.0)}).run(5.0)
    tree.order(Order.LEAVE).run(1.0)
    tree.order(Order.LEAVE).run(20.0)
    assert {a.worker for _, a in tree.log if isinstance(a, Kill)} == {"router", "console"}
    assert tree.names(Ask)[-1] == "keepalive"
    assert tree.end == Finish(0)
    assert tree.now - 1006.0 < 0.5


def test_an_order_to_leave_overrides_a_reload() -> None:
    tree = FakeTree(habits={"console": Habit(stops_after=3.0)}).run(5.0)
    tree.order(Order.RELOAD).run(1.0)
    tree.order(Order.LEAVE).run(20.0)
    assert tree.end == Finish(0)
    assert StopReason.LEAVING in tree.asked_of("keepalive")


def test_a_reload_does_not_override_leaving() -> None:
    tree = FakeTree(habits={"console": Habit(stops_after=3.0)}).run(5.0)
    tree.order(Order.LEAVE).run(1.0)
    tree.order(Order.RELOAD).run(20.0)
    assert tree.end == Finish(0)


def test_leaving_before_anything_was_started() -> None:
    tree = FakeTree().order(Order.LEAVE).run(5.0)
    assert tree.end == Finish(0)
    assert tree.of(Start) == []


def test_parked_and_waiting_ones_need_no_stop() -> None:
    tree = FakeTree(habits={"console": Habit(first_beat_after=None, dies_after=0.05)}).run(30.0)
    tree.order(Order.LEAVE).run(10.0)
    assert tree.end == Finish(0)
    assert tree.names(Ask) == ["keepalive"]

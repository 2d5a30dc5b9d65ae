"""The tree while it is to run: order, death, hanging, parking, escalation, pauses."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bus.messages import Beat
from runtime.exitcode import ExitCode
from supervisor.actions import Abandon, Ask, CheckConfig, Finish, Kill, Reexecute, Start
from supervisor.child import Phase
from supervisor.schema_plan import seen as schema_seen
from supervisor.seen import Course
from tests.fakes.tree import CONSOLE, KEEPALIVE, ROUTER, FakeTree, Habit

THREE = (KEEPALIVE, CONSOLE, ROUTER)


def test_started_in_order_each_after_the_others_first_beat() -> None:
    tree = FakeTree(specs=THREE).run(2.0)
    assert tree.names(Start) == ["keepalive", "console", "router"]
    starts = [tree.of(Start, spec.name)[0] - 1000.0 for spec in THREE]
    assert starts == pytest.approx([0.0, 0.1, 0.2])
    assert all(c.phase is Phase.RUNNING for c in tree.memory.children)


def test_one_that_is_slow_to_start_holds_the_others_up_only_shortly() -> None:
    tree = FakeTree(habits={"keepalive": Habit(first_beat_after=5.0)}).run(3.0)
    assert tree.of(Start, "console")[0] - 1000.0 == pytest.approx(1.0)


def test_one_dies_it_alone_is_started_again_at_once() -> None:
    tree = FakeTree(specs=THREE).run(5.0)
    tree.kill("console")
    tree.run(1.0)
    assert tree.names(Start)[3:] == ["console"]
    assert tree.of(Start, "console")[1] == 1005.0
    assert tree.phase("console") is Phase.RUNNING


def test_a_beat_of_a_former_incarnation_does_not_count() -> None:
    tree = FakeTree(habits={"console": Habit()}).run(5.0)
    tree.kill("console")
    tree.habits["console"].first_beat_after = None
    tree.run(0.0)
    old = tree.child("console").incarnation - 1
    for _ in range(30):
        tree.beats.append(Beat(worker="console", incarnation=old, round=1))
        tree.run(0.5)
    assert len(tree.of(Kill, "console")) == 1
    assert tree.of(Kill, "console")[0] == pytest.approx(1015.0, abs=0.51)


@pytest.mark.parametrize("name", ["keepalive", "console"])
def test_one_that_hangs_is_killed_and_replaced_in_time(name: str) -> None:
    tree = FakeTree().run(5.0)
    spec = tree.child(name).spec
    process = tree.process(name)
    last_beat = (process.next_beat or 0.0) - 0.5
    process.next_beat = None
    tree.run(10.0, until=lambda t: t.child(name).incarnation == 2)
    assert tree.now - last_beat <= spec.beat_timeout_seconds + 0.1
    assert tree.child(name).reason == f"no beat within {spec.beat_timeout_seconds:g} s"


def test_one_that_never_beats_is_killed_after_its_start_timeout() -> None:
    tree = FakeTree(habits={"console": Habit(first_beat_after=None)}).run(12.0)
    assert tree.of(Kill, "console")[0] == pytest.approx(1010.1)


def test_a_death_loop_is_parked_and_the_others_run_on() -> None:
    tree = FakeTree(specs=THREE, habits={"console": Habit(first_beat_after=None, dies_after=0.05)})
    tree.run(30.0)
    assert tree.phase("console") is Phase.PARKED
    assert len(tree.of(Start, "console")) == 6
    assert tree.phase("keepalive") is tree.phase("router") is Phase.RUNNING
    assert tree.names(Start).count("router") == tree.names(Start).count("keepalive") == 1


def test_a_parked_one_is_tried_ever_more_slowly_and_freed_when_it_runs_well() -> None:
    tree = FakeTree(habits={"console": Habit(first_beat_after=None, dies_after=0.05)}).run(30.0)
    parked_at = tree.child("console").since
    tree.run(300.0)
    tries = [at - parked_at for at in tree.of(Start, "console") if at > parked_at]
    assert tries == pytest.approx([60.0, 180.05], abs=0.2)
    tree.habits["console"] = Habit()
    tree.run(300.0, until=lambda t: t.phase("console") is Phase.RUNNING)
    assert tree.child("console").is_on_trial
    tree.run(CONSOLE.restart_window_seconds + 1.1)
    assert not tree.child("console").is_on_trial


def test_keepalives_death_loop_ends_the_root_after_the_others() -> None:
    tree = FakeTree(specs=THREE, habits={"keepalive": Habit(dies_after=0.3)}).run(60.0)
    assert tree.end == Finish(ExitCode.OUR_BUG)
    assert tree.names(Ask) == ["router", "console"]


def test_keepalive_that_hangs_again_and_again_escalates_too() -> None:
    tree = FakeTree(habits={"keepalive": Habit(beat_every=None)}).run(120.0)
    assert tree.end == Finish(ExitCode.OUR_BUG)


def test_exit_78_waits_for_another_file() -> None:
    tree = FakeTree(habits={"console": Habit(first_beat_after=None, dies_after=0.05, code=78)})
    tree.run(2000.0)
    assert len(tree.of(Start, "console")) == 1
    tree.config = "second"
    tree.run(100.0)
    assert len(tree.of(CheckConfig)) == 1
    assert len(tree.of(Start, "console")) == 1
    tree.config = "third"
    tree.run(1.1)
    assert len(tree.of(CheckConfig)) == 2


def test_keepalive_refusing_its_configuration_ends_the_root_with_78() -> None:
    tree = FakeTree(habits={"keepalive": Habit(dies_after=0.05, code=78)}).run(10.0)
    assert tree.end == Finish(ExitCode.CONFIG)


def test_one_stuck_in_the_kernel_is_abandoned_counted_and_replaced() -> None:
    tree = FakeTree(habits={"console": Habit(dies_of_kill=False)}).run(3.0)
    tree.process("console").next_beat = None
    tree.run(8.0)
    assert len(tree.of(Abandon, "console")) == 1
    assert tree.child("console").incarnation == 2
    assert tree.child("console").abandoned == 1
    assert tree.phase("console") is Phase.RUNNING
    tree.processes["console", 1].dies_at = tree.now
    tree.run(1.0)
    assert tree.child("console").abandoned == 0
    assert tree.phase("console") is Phase.RUNNING


@pytest.mark.parametrize("workers_too", [True, False])
@pytest.mark.parametrize("seconds", [0.3, 2.4, 10.0, 3600.0])
def test_a_pause_of_the_root_kills_nobody(seconds: float, workers_too: bool) -> None:
    tree = FakeTree(specs=THREE).run(5.3)
    tree.pause(seconds, workers_too=workers_too)
    if workers_too:
        tree.beats.clear()
    tree.run(5.0)
    assert not tree.of(Kill)
    assert all(c.incarnation == 1 for c in tree.memory.children)


def test_a_pause_does_not_save_one_that_really_hangs() -> None:
    tree = FakeTree().run(5.0)
    tree.process("console").next_beat = None
    tree.pause(30.0, workers_too=False)
    tree.run(6.0)
    assert len(tree.of(Kill, "console")) == 1


def test_without_the_right_schema_only_keepalive_runs() -> None:
    tree = FakeTree(schema=schema_seen(17)).run(5.0)
    assert tree.names(Start) == ["keepalive"]
    tree = FakeTree(schema=schema_seen(12, ("node hv2",))).run(5.0)
    assert tree.names(Start) == ["keepalive"]


def test_the_others_are_stopped_when_the_tree_turns_out_too_new() -> None:
    tree = FakeTree(specs=THREE, schema=replace(schema_seen(16), tree=None)).run(3.0)
    assert tree.phase("console") is Phase.RUNNING
    tree.schema = schema_seen(17)
    tree.run(3.0)
    assert tree.end is None
    assert tree.phase("keepalive") is Phase.RUNNING
    assert tree.phase("console") is tree.phase("router") is Phase.WAITING
    assert tree.child("console").restarts == 0


def test_another_version_of_the_tree_restarts_the_root() -> None:
    tree = FakeTree(specs=THREE, schema=schema_seen(12, ("node hv2",))).run(3.0)
    tree.schema = schema_seen(16)
    tree.run(3.0)
    assert tree.end == Reexecute()
    assert tree.memory.course is Course.RELOAD


def test_workers_started_for_an_assumed_version_are_restarted_for_the_real_one() -> None:
    tree = FakeTree(schema=replace(schema_seen(16), tree=None, workers=15)).run(3.0)
    assert tree.process("console").schema_version == 15
    tree.schema = schema_seen(16)
    tree.run(3.0)
    assert tree.end == Reexecute()


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["keepalive", "console", "router"]),
                          st.sampled_from(["kill", "hang"]),
                          st.floats(0.0, 40.0)), max_size=12))  # fmt: skip
def test_whatever_happens_no_two_processes_of_a_worker_and_all_come_back(
    troubles: list[tuple[str, str, float]],
) -> None:
    tree = FakeTree(specs=THREE)
    for worker, trouble, after in troubles:
        tree.run(after)
        if tree.end is not None:
            break
        if not tree.child(worker).is_alive:
            continue
        key = (worker, tree.child(worker).incarnation)
        if key not in tree.processes:
            continue
        if trouble == "kill":
            tree.kill(worker)
        else:
            tree.processes[key].next_beat = None
        names = [name for name, _ in tree.processes]
        assert len(names) == len(set(names))
    if tree.end is None:
        tree.run(200.0)
        assert tree.end is None
        assert all(c.phase is Phase.RUNNING for c in tree.memory.children)

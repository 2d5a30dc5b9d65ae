"""Keepalive whole, on a fake store, bus and clock."""

import json
from collections.abc import Callable, Mapping
from itertools import pairwise
from pathlib import Path

import pytest

from bus.messages import ChildState, Facts, Stop, StopReason, TreeState
from bus.topics import Topic, address
from bus.wake import Wake
from cluster.records import fault_record
from cluster.store.store import Create, Delete
from runtime.clock import Instant
from runtime.deadline import Deadline
from tests.fakes.bus import FakeBus
from tests.fakes.clock import FakeClock
from tests.fakes.ensemble import FakeEnsemble
from tests.fakes.store import FakeStore
from tests.process.tiny_root import SPECS, node_config
from workers.keepalive.assemble import assemble
from workers.keepalive.machine import Sample
from workers.loop import Loop, Pace
from workers.main import Context
from workers.orders import WorkerOrders


class FakeMachine:
    """Answers at once, or never when it hangs."""

    def __init__(self, clock: FakeClock) -> None:
        self._clock = clock
        self._latest: Sample | None = None
        self.hangs = False

    def ask(self) -> None:
        if not self.hangs:
            self._latest = Sample(at=self._clock.now(), taken_at="now", cpu_count=4)

    def latest(self) -> Sample | None:
        return self._latest


class Stage:
    """One node whose keepalive runs until it is stopped."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.bus = FakeBus(self.clock)
        self.root = self.bus.outgoing("supervisor")
        self.ensemble = FakeEnsemble()
        self.admin = FakeStore(self.ensemble, self.clock)
        self.put("/nodes", "/nodes/hv1", "/faults")
        self.store = FakeStore(self.ensemble, self.clock)
        self.machine = FakeMachine(self.clock)
        self.beats: list[tuple[float, str]] = []
        self.start = self.clock.now()

    def put(self, *paths: str) -> None:
        self.admin.apply([Create(path, b"") for path in paths], Deadline.after(1.0, self.clock))

    def get(self, path: str) -> str | None:
        value = self.admin.read(path, Deadline.after(1.0, self.clock))
        return None if value is None else value.data.decode()

    def after(self, seconds: float, happen: Callable[[], object]) -> None:
        def happening() -> None:
            happen()

        self.clock.at(self.start + seconds, happening)

    def each_second(self, happen: Callable[[float], None], seconds: int) -> None:
        for n in range(seconds):
            self.after(n + 0.4, lambda n=n: happen(n + 0.4))  # type: ignore[misc]

    def tell(self, tree: TreeState = TreeState.RUNNING, **workers: ChildState) -> None:
        children = {name: {"state": state, "restarts": 2} for name, state in workers.items()}
        values = {"tree": tree, "schema": "", "workers": children}
        self.root.send(Topic.FACTS, "supervisor", Facts(worker="supervisor", values=values))

    def run(self, seconds: float, reason: StopReason = StopReason.RESTART) -> None:
        spec = SPECS["keepalive"]
        orders = WorkerOrders(
            worker="keepalive",
            root_pid=1,
            incarnation=1,
            schema_version=16,
            run_id="run",
            config=node_config(Path("/run/pvc"), ["nowhere:1"]),
        )
        context = Context(
            orders=orders,
            spec=spec,
            store=self.store,
            outgoing=self.root,
            wake=Wake(),
            clock=self.clock,
        )
        self.after(
            seconds,
            lambda: self.root.send(
                Topic.CONTROL, "keepalive", Stop(worker="keepalive", reason=reason)
            ),
        )
        loop = Loop(
            worker="keepalive",
            incoming=self.bus.incoming([address(Topic.CONTROL, "keepalive"), Topic.FACTS]),
            clock=self.clock,
            pace=Pace(longest_wait_seconds=spec.beat_timeout_seconds / 3),
        )
        loop.run(
            assemble(context, self.machine),
            lambda _, note: self.beats.append((self.clock.now() - self.start, note)),
        )


@pytest.fixture
def stage() -> Stage:
    return Stage()


def test_it_makes_what_is_missing_and_beats_once_a_second(stage: Stage) -> None:
    seen: list[str | None] = []
    stage.each_second(lambda _: stage.tell(), 5)
    stage.each_second(lambda _: seen.append(stage.get("/nodes/hv1/beat")), 5)
    stage.run(5.0)
    assert seen == [f"run {n}" for n in range(1000, 1005)]
    assert stage.get("/nodes/hv1/daemonstate") == "run"
    assert json.loads(stage.get("/nodes/hv1/presence") or "")["run"] == "run"
    assert json.loads(stage.get("/nodes/hv1/facts") or "")["cpu_count"] == 4


def test_it_beats_to_the_root_while_the_store_is_away_and_comes_back_by_itself(
    stage: Stage,
) -> None:
    seen: list[str | None] = []
    stage.after(2.1, stage.store.suspend)
    stage.after(6.1, stage.store.resume)
    stage.each_second(lambda _: seen.append(stage.get("/nodes/hv1/beat")), 9)
    stage.run(9.0)
    assert seen[:3] == ["run 1000", "run 1001", "run 1002"]
    assert seen[3:6] == ["run 1002"] * 3
    assert seen[7:] == ["run 1007", "run 1008"]
    times = [at for at, _ in stage.beats]
    assert max(b - a for a, b in pairwise(times)) < 1.0
    assert any("suspended" in note for _, note in stage.beats)


def test_a_new_session_has_its_presence_also_beside_one_left_over(stage: Stage) -> None:
    left = FakeStore(stage.ensemble, stage.clock)
    left.apply([Create("/nodes/hv1/presence", b"old", True)], Deadline.after(1.0, stage.clock))
    present: list[bool] = []
    stage.after(2.0, left.expire)
    stage.after(3.1, stage.store.expire)
    stage.after(3.2, stage.store.resume)
    stage.each_second(lambda _: present.append(stage.get("/nodes/hv1/presence") is not None), 6)
    stage.run(6.0)
    assert present[:3] == [True] * 3
    assert present[4:] == [True] * 2


def test_a_presence_that_somebody_removed_is_made_again(stage: Stage) -> None:
    gone = [Delete("/nodes/hv1/presence")]
    stage.after(1.5, lambda: stage.admin.apply(gone, Deadline.after(1.0, stage.clock)))
    stage.run(7.5)
    # Its session has not ended: the fake keeps what a killed process leaves behind.
    assert stage.get("/nodes/hv1/presence") is not None


def test_a_store_that_does_not_answer_gets_one_beat_not_a_queue_of_them(stage: Stage) -> None:
    sent: list[int] = []
    begin = stage.store.begin

    def counted(changes: object) -> object:
        sent.append(1)
        return begin(changes)  # type: ignore[arg-type]

    stage.store.begin = counted  # type: ignore[assignment, method-assign]
    stage.after(2.5, stage.store.hold_back)
    stage.after(2.6, sent.clear)
    stage.after(8.5, stage.store.deliver)
    seen: list[str | None] = []
    stage.after(8.45, lambda: seen.append(str(len(sent))))
    stage.after(9.4, lambda: seen.append(stage.get("/nodes/hv1/beat")))
    stage.run(10.0)
    # beat, facts and one check of presence, each at most once.
    assert int(seen[0] or 99) <= 3
    assert seen[1] == "run 1009"
    assert any("unanswered" in note for _, note in stage.beats)


def test_a_node_that_leaves_says_so_with_its_last_beat(stage: Stage) -> None:
    stage.after(0.5, stage.tell)
    stage.after(2.5, lambda: stage.tell(TreeState.LEAVING))
    seen: list[str | None] = []
    stage.after(3.0, lambda: seen.append(stage.get("/nodes/hv1/daemonstate")))
    stage.run(3.5, StopReason.LEAVING)
    assert seen == ["shutdown"]
    assert stage.get("/nodes/hv1/daemonstate") == "stop"
    assert stage.get("/nodes/hv1/beat") == "run 1003"


def test_a_restart_announces_nothing(stage: Stage) -> None:
    stage.after(0.5, stage.tell)
    stage.run(2.5, StopReason.RESTART)
    assert stage.get("/nodes/hv1/daemonstate") == "run"


def test_leaving_without_a_store_takes_no_longer_than_a_moment(stage: Stage) -> None:
    stage.after(1.5, stage.store.suspend)
    stage.run(3.0, StopReason.LEAVING)
    assert stage.clock.now() - stage.start < 4.1


def test_a_machine_that_hangs_does_not_hold_up_the_beat(stage: Stage) -> None:
    stage.machine.hangs = True
    stage.run(4.0)
    assert stage.get("/nodes/hv1/beat") == "run 1003"
    assert stage.get("/nodes/hv1/facts") is None


def test_a_parked_worker_is_reported_with_its_state_in_the_facts(stage: Stage) -> None:
    stage.each_second(lambda _: stage.tell(console=ChildState.PARKED), 4)
    stage.run(4.0)
    first = json.loads(stage.get("/faults/NODE_HV1_WORKER_CONSOLE_PARKED") or "")
    report = json.loads(stage.get("/faults/NODE_HV1_WORKER_CONSOLE_PARKED/report") or "")
    # As everybody else writes the times of faults: lists are sorted by these texts.
    written = fault_record.time_text(stage.clock.wall())[:10]
    assert set(first) == {"first_reported"}
    assert first["first_reported"].startswith(f"{written} ")
    assert len(first["first_reported"]) == len("YYYY-MM-DD HH:MM:SS")
    assert report["health_delta"] == 50
    facts = json.loads(stage.get("/nodes/hv1/facts") or "")
    assert facts["workers"]["console"]["state"] == "parked"
    assert facts["workers"]["console"]["restarts"] == 2


def test_nonsense_from_the_root_is_no_news(stage: Stage) -> None:
    nonsense: list[Mapping[str, object]] = [
        {},
        {"tree": "green"},
        {"tree": "running", "workers": [1]},
        {"workers": {}},
    ]
    for values in nonsense:
        message = Facts(worker="supervisor", values=values)
        stage.after(0.5, lambda m=message: stage.root.send(Topic.FACTS, "supervisor", m))  # type: ignore[misc]
    stage.run(2.0)
    assert stage.get("/nodes/hv1/daemonstate") is None
    assert stage.get("/nodes/hv1/beat") == "run 1001"


def test_the_grid_is_kept_over_a_restart(stage: Stage) -> None:
    assert stage.clock.now() == Instant(1000.0)
    stage.clock.move_to(1000.7)
    stage.run(1.5)
    assert stage.get("/nodes/hv1/beat") == "run 1001"


def _vm_facts(**other: object) -> Facts:
    values = {
        "memory_allocated_mb": 512,
        "memory_provisioned_mb": 1024,
        "vcpus_allocated": 3,
        "vms_running": 2,
        "hypervisor": {"trouble": "", "seconds": 0.0},
        **other,
    }
    return Facts(worker="vm", values=values)


def test_the_sums_of_the_vms_stand_in_the_nodes_facts(stage: Stage) -> None:
    vm = stage.bus.outgoing("vm")
    for seconds in (0.4, 1.4, 2.4):
        stage.after(seconds, lambda: vm.send(Topic.FACTS, "vm", _vm_facts()))
    stage.run(3.0)
    facts = json.loads(stage.get("/nodes/hv1/facts") or "")
    assert facts["memory"]["allocated_mb"] == 512
    assert facts["memory"]["provisioned_mb"] == 1024
    assert (facts["vcpus_allocated"], facts["vms_running"]) == (3, 2)
    assert 0 < facts["vm_facts_age_seconds"] <= 1.0


def test_sums_that_nobody_tells_any_more_grow_old(stage: Stage) -> None:
    vm = stage.bus.outgoing("vm")
    stage.after(0.4, lambda: vm.send(Topic.FACTS, "vm", _vm_facts()))
    stage.run(15.0)
    facts = json.loads(stage.get("/nodes/hv1/facts") or "")
    assert facts["vms_running"] == 2
    assert facts["vm_facts_age_seconds"] > 10.0


def test_sums_of_a_silent_hypervisor_are_as_old_as_its_silence(stage: Stage) -> None:
    vm = stage.bus.outgoing("vm")

    def tell(at: float) -> None:
        hypervisor = {"trouble": "libvirt does not answer", "seconds": 30.0 + at}
        vm.send(Topic.FACTS, "vm", _vm_facts(hypervisor=hypervisor))

    stage.each_second(tell, 3)
    stage.run(3.0)
    facts = json.loads(stage.get("/nodes/hv1/facts") or "")
    assert facts["vm_facts_age_seconds"] > 30.0
    assert facts["workers"]["vm"]["age_seconds"] < 2.0


def test_nobody_tells_sums_where_no_vm_worker_is(stage: Stage) -> None:
    stage.run(2.0)
    facts = json.loads(stage.get("/nodes/hv1/facts") or "")
    assert facts["vm_facts_age_seconds"] is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"memory_allocated_mb": "much"},
        {"vcpus_allocated": None},
        {"vms_running": float("inf")},
        {"hypervisor": 7},
        {"hypervisor": {"trouble": "x"}},
    ],
)
def test_nonsense_about_vms_leaves_the_sums_as_they_were(
    stage: Stage, wrong: Mapping[str, object]
) -> None:
    vm = stage.bus.outgoing("vm")
    stage.after(0.4, lambda: vm.send(Topic.FACTS, "vm", _vm_facts()))
    stage.after(0.5, lambda: vm.send(Topic.FACTS, "vm", _vm_facts(**wrong)))
    stage.run(2.0)
    facts = json.loads(stage.get("/nodes/hv1/facts") or "")
    assert (facts["vms_running"], facts["memory"]["allocated_mb"]) == (2, 512)

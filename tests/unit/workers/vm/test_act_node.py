"""What is done for the node as a whole: statistics, faults, facts, how a flush goes."""

from typing import Any

import pytest

from bus.messages import Facts
from cluster.records import fault_record
from cluster.records.fault_record import time_text
from cluster.records.view import snapshot
from cluster.schema import codec
from cluster.store.store import Delete
from runtime.errors import StoreUnavailable
from tests.fakes.bus import FakeBus
from tests.fakes.clock import FakeClock
from tests.fakes.hypervisor import FakeHypervisor
from tests.fakes.vm_tree import LAYOUT, UUID, new_tree, put_vm, soon
from tests.fakes.vm_world import World
from workers.vm.act_node import NodeActs
from workers.vm.actions import Report, TellFacts, WriteFlush, WriteStatistics
from workers.vm.local import VmStatistics
from workers.vm.tools import Tools

STATS = LAYOUT.path("vm.stats", vm=UUID)


class Stage:
    """A node and its store."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.bus = FakeBus(self.clock)
        self.store = new_tree("hv1")
        put_vm(self.store)
        self.acts = NodeActs(
            Tools(
                node="hv1",
                store=self.store,
                layout=LAYOUT,
                hypervisor=FakeHypervisor(World(self.clock), "hv1"),
                outgoing=self.bus.outgoing("vm"),
                clock=self.clock,
                call_seconds=0.1,
            )
        )

    def holds(self, path: str) -> Any:
        """The JSON in a key; None when it is missing."""
        value = self.store.read(path, soon())
        return None if value is None else codec.read_json(value.data)

    def version(self, path: str) -> int:
        value = self.store.read(path, soon())
        assert value is not None
        return value.version


def measured_now(stage: Stage, values: dict[str, str]) -> VmStatistics:
    return VmStatistics(at=stage.clock.now(), values=values)


@pytest.fixture
def stage() -> Stage:
    return Stage()


def test_statistics_are_written_and_cleared(stage: Stage) -> None:
    measured = measured_now(stage, {"state": "running", "cpus": "2"})
    taken_at = time_text(stage.clock.wall())
    stage.clock.sleep(7.0)
    stage.acts.act(WriteStatistics(values={UUID: measured}))
    assert stage.holds(STATS) == {"at": taken_at, "state": "running", "cpus": "2"}
    stage.acts.act(WriteStatistics(values={UUID: None}))
    assert stage.holds(STATS) == {}
    before = stage.version(STATS)
    stage.acts.act(WriteStatistics(values={UUID: None}))
    assert stage.version(STATS) == before


def test_statistics_of_a_vm_that_is_gone_hold_up_nobodys(stage: Stage) -> None:
    gone = "1c2f64a0-0000-4c0e-9c5a-00000000dead"
    measured = measured_now(stage, {"cpus": "1"})
    stage.acts.act(WriteStatistics(values={gone: measured, UUID: measured}))
    assert (stage.holds(STATS) or {}).get("cpus") == "1"
    assert stage.store.read(LAYOUT.path("vm", vm=gone), soon()) is None


def test_statistics_make_their_key_when_it_is_missing(stage: Stage) -> None:
    stage.store.apply([Delete(STATS)], soon())
    stage.acts.act(WriteStatistics(values={UUID: None}))
    assert stage.holds(STATS) is None
    stage.acts.act(WriteStatistics(values={UUID: measured_now(stage, {"cpus": "1"})}))
    assert (stage.holds(STATS) or {}).get("cpus") == "1"


def test_a_fault_is_made_once_and_reported_again(stage: Stage) -> None:
    first = Report(fault="VM_WWW_FROZEN", health_delta=10, message="frozen")
    stage.acts.act(first)
    made = stage.clock.wall()
    stage.clock.sleep(90.0)
    stage.acts.act(Report(fault="VM_WWW_FROZEN", health_delta=10, message="still frozen"))
    root = LAYOUT.path("fault", fault="VM_WWW_FROZEN")
    fault = fault_record.read(snapshot(stage.store, [root], soon()), LAYOUT, "VM_WWW_FROZEN")
    assert fault is not None
    assert fault.first_reported == fault_record.time_text(made)
    assert fault.last_reported == fault_record.time_text(stage.clock.wall())
    assert (fault.message, fault.health_delta) == ("still frozen", 10)


def test_how_a_flush_goes_is_written_also_where_nothing_was(stage: Stage) -> None:
    path = LAYOUT.path("node.flush", node="hv1")
    values = {"serial": 3, "total": 2, "done": 1, "moving": ["www"], "stuck": {}}
    for done in (1, 2):
        stage.acts.act(WriteFlush(values={**values, "done": done}))
        assert stage.holds(path) == {**values, "done": done}


def test_facts_go_out_on_the_bus(stage: Stage) -> None:
    heard = stage.bus.incoming(["facts"])
    stage.acts.act(TellFacts(values={"vms_running": 1}))
    (envelope,) = heard.receive(stage.clock.now())
    assert envelope.address == "facts.vm"
    assert envelope.message == Facts(worker="vm", values={"vms_running": 1})


def test_a_store_that_does_not_answer_is_told_to_the_loop(stage: Stage) -> None:
    stage.store.suspend()
    with pytest.raises(StoreUnavailable):
        stage.acts.act(Report(fault="VM_WWW_FROZEN", health_delta=10, message="frozen"))
    stage.acts.act(TellFacts(values={}))

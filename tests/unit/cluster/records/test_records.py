"""What is written to the tree is read again."""

from datetime import UTC, datetime

import pytest

from cluster.model.cluster import Maintenance
from cluster.model.fault import FaultStatus
from cluster.model.node import (
    DaemonState,
    InterfaceFacts,
    Judgement,
    MemoryFacts,
    NodeFacts,
    Presence,
    WorkerFacts,
)
from cluster.model.task import TaskOrder, TaskProgress, TaskState
from cluster.model.vm import Move, Seen, SeenState, VmState, Wanted, WantedState
from cluster.operations import fault_orders
from cluster.operations.maintenance import set_maintenance
from cluster.records import cluster_record, fault_record, node_record, task_record, vm_record
from cluster.records.view import DictView, snapshot
from cluster.schema.layout import layout
from cluster.schema.tree import initialise
from cluster.store.store import Create, Store
from runtime.deadline import Deadline
from runtime.errors import NotFound
from tests.fakes.ensemble import FakeEnsemble
from tests.fakes.store import FakeStore

LAYOUT = layout(16)
AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def soon() -> Deadline:
    return Deadline.after(5.0)


def new_store() -> Store:
    store = FakeStore(FakeEnsemble())
    initialise(store, soon())
    return store


def view(store: Store) -> DictView:
    names = store.children("/", soon()) or ()
    return snapshot(store, [f"/{name}" for name in names], soon())


def test_facts() -> None:
    facts = NodeFacts(
        at="now",
        cpu_count=4,
        load=0.5,
        kernel="6.1",
        os="Debian",
        arch="x86_64",
        memory=MemoryFacts(total_mb=10, used_mb=5, free_mb=4, allocated_mb=2, provisioned_mb=3),
        vcpus_allocated=3,
        vms_running=2,
        vm_facts_age_seconds=0.3,
        interfaces={"eth0": InterfaceFacts(rx_bps=1, tx_pps=2, link_speed_bps=10, state="up")},
        workers={"vm": WorkerFacts(state="running", age_seconds=0.5, restarts=1, note="x")},
    )
    assert node_record.read_facts(node_record.facts_data(facts)) == facts


def test_small_parts_of_a_node() -> None:
    presence = Presence(run="r", version="1")
    assert node_record.read_presence(node_record.presence_data(presence)) == presence
    judgement = Judgement(state=DaemonState.FENCED, beat="r 7", record="f")
    assert node_record.read_judgement(node_record.judgement_data(judgement)) == judgement
    assert node_record.beat_data("r", 7) == b"r 7"


def test_a_node_with_nothing_but_its_key() -> None:
    tree = DictView({"/nodes": b"", "/nodes/hv1": b"coordinator"})
    node = node_record.read_all(tree, LAYOUT)["hv1"]
    assert (node.own_state, node.facts, node.presence, node.beat) == (None, None, None, "")
    assert node_record.read(tree, LAYOUT, "hv2") is None


def test_an_order_and_what_is_seen() -> None:
    wanted = Wanted(
        state=WantedState.START,
        node="hv1",
        home="hv2",
        serial=4,
        move=Move.MIGRATE,
        is_live_only=True,
        is_forced=True,
        fence="f",
    )
    seen = Seen(state=SeenState.RUNNING, node="hv1", serial=4, reason="r", vnc="a:1")
    assert vm_record.read_wanted(vm_record.wanted_data(wanted)) == wanted
    assert vm_record.read_seen(vm_record.seen_data(seen)) == seen
    tree = DictView(
        {
            "/domains": b"",
            "/domains/u": b"www",
            "/domains/u/wanted": vm_record.wanted_data(wanted),
            "/domains/u/seen": vm_record.seen_data(seen),
            "/domains/broken": b"a",
            "/domains/broken/seen": b"{",
            "/vm_names/www": b"u",
        }
    )
    broken, vm = vm_record.read_all(tree, LAYOUT)
    assert (vm.name, vm.state) == ("www", VmState.START)
    assert (broken.state, broken.seen.state) == (VmState.FAIL, SeenState.UNKNOWN)
    assert vm_record.running_on([broken, vm]) == {"hv1": ["www"]}
    assert vm_record.find(tree, LAYOUT, "www") == "u"
    assert vm_record.find(tree, LAYOUT, "other") is None


def test_the_life_of_a_fault() -> None:
    store, fault = new_store(), fault_record.fault_id("node", "hv1", "worker", "vm-x", "parked")
    assert fault == "NODE_HV1_WORKER_VM_X_PARKED"
    assert fault_record.fault_id("node", "hv-1", "late") == "NODE_HV-1_LATE"

    def report(message: str, *, is_new: bool) -> None:
        changes = fault_record.report(
            LAYOUT, fault, is_new=is_new, at=AT, health_delta=25, message=message
        )
        store.apply(changes, soon())

    report("one", is_new=True)
    report("two", is_new=False)
    fault_orders.acknowledge(store, LAYOUT, fault, at=AT, deadline=soon())
    fault_orders.acknowledge_all(store, LAYOUT, at=AT, deadline=soon())
    (found,) = fault_record.read_all(view(store), LAYOUT)
    assert (found.message, found.health_delta, found.status) == (
        "two",
        25,
        FaultStatus.ACKNOWLEDGED,
    )
    assert found.first_reported == found.acknowledged_at == "2026-01-02 03:04:05"
    fault_orders.remove_all(store, LAYOUT, deadline=soon())
    assert fault_record.read_all(view(store), LAYOUT) == []


def test_orders_about_a_fault_that_is_not_there() -> None:
    store = new_store()
    for name in ("NONE", "a/b", "", ".."):
        with pytest.raises(NotFound):
            fault_orders.remove(store, LAYOUT, name, deadline=soon())
        with pytest.raises(NotFound):
            fault_orders.acknowledge(store, LAYOUT, name, at=AT, deadline=soon())


def test_the_life_of_a_task() -> None:
    store = new_store()
    order = TaskOrder(name="vm.x", run_on="hv1", arguments={"a": 1}, by="me", ordered_at="now")
    store.apply(task_record.order(LAYOUT, "t1", order), soon())
    assert task_record.read_all(view(store), LAYOUT)[0].progress.state is TaskState.PENDING
    for state, is_first in ((TaskState.RUNNING, True), (TaskState.SUCCESS, False)):
        progress = TaskProgress(state=state, current=1, total=2, status="s", result={"x": 1})
        store.apply(task_record.progress(LAYOUT, "t1", progress, is_first=is_first), soon())
    store.apply(task_record.cancel(view(store), LAYOUT, "t1", by="me", at=AT), soon())
    task = task_record.read(view(store), LAYOUT, "t1")
    assert task is not None and task.order == order and task.progress == progress
    assert task.is_cancelled and task.progress.state.is_over
    assert task_record.cancel(view(store), LAYOUT, "t1", by="me", at=AT) == []
    store.apply(task_record.remove(view(store), LAYOUT, "t1"), soon())
    assert task_record.read_all(view(store), LAYOUT) == []


def test_the_cluster() -> None:
    store = new_store()
    store.apply([Create("/ceph/volumes/vms", b""), Create("/ceph/volumes/vms/a", b"")], soon())
    maintenance = Maintenance(is_on=True, reason="work", until="2026-01-02T04:00:00Z", by="me")
    set_maintenance(store, LAYOUT, maintenance, soon())
    cluster = cluster_record.read(view(store), LAYOUT)
    assert (cluster.primary_node, cluster.volumes, cluster.maintenance) == ("", 1, maintenance)
    set_maintenance(store, LAYOUT, Maintenance(), soon())
    assert not cluster_record.read_maintenance(view(store), LAYOUT).is_on

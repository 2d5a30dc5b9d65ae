"""Flush and ready of real nodes with real guests; needs root (`./dev test -m integration`)."""

from collections.abc import Iterator

import pytest

from testbed import guests
from testbed.cluster import Cluster
from tests.integration.flushing import (
    SECONDS,
    await_state,
    faults,
    forget_faults,
    make_ready,
    order,
    state_of,
)
from tests.integration.processes import is_renewed, tree_of
from tests.integration.vms import Vms, vms_of

pytestmark = pytest.mark.integration

NAMES = ("flush-a", "flush-b", "flush-c", "flush-d")


@pytest.fixture
def vms(cluster: Cluster) -> Iterator[Vms]:
    """VMs of one test, on nodes that are ready before and after."""
    make_ready(cluster)
    with vms_of(cluster) as found:
        yield found
        make_ready(cluster)
        forget_faults(cluster)


def start_all(vms: Vms, node: str, *names: str, **meta: str) -> None:
    for name in names:
        vms.define(name, node, meta={"migration_method": "live", **meta})
        vms.start(name)
    for name in names:
        vms.await_running(name, node)


def places(cluster: Cluster, *names: str) -> dict[str, list[str]]:
    """The nodes with a QEMU process of each VM, as seen from outside."""
    running = guests.running(cluster)
    return {name: sorted(n for n, found in running.items() if name in found) for name in names}


def test_a_flush_empties_a_node_and_ready_brings_its_vms_home(cluster: Cluster, vms: Vms) -> None:
    start_all(vms, "hv1", *NAMES)
    order(cluster, "hv1", "flush")
    await_state(cluster, "hv1", "flushed")
    assert not guests.running(cluster)["hv1"]
    for name in NAMES:
        assert vms.get(name)["last_node"] == "hv1"
        assert len(places(cluster, name)[name]) == 1
    order(cluster, "hv1", "ready")
    await_state(cluster, "hv1", "ready")
    for name in NAMES:
        vms.await_running(name, "hv1")
        assert vms.get(name)["last_node"] in ("", "N/A", None)


def test_the_opposite_order_in_the_middle_is_followed_at_once(cluster: Cluster, vms: Vms) -> None:
    start_all(vms, "hv1", *NAMES)
    order(cluster, "hv1", "flush")
    cluster.wait_until(
        lambda: any(vms.get(name)["node"] != "hv1" for name in NAMES),
        SECONDS,
        "the flush to have begun",
    )
    order(cluster, "hv1", "ready")
    await_state(cluster, "hv1", "ready")
    for name in NAMES:
        vms.await_running(name, "hv1")


def test_a_vm_that_may_go_nowhere_is_named_and_the_rest_moves(cluster: Cluster, vms: Vms) -> None:
    start_all(vms, "hv1", "flush-bound", limit="hv1")
    start_all(vms, "hv1", "flush-a", "flush-b")
    order(cluster, "hv1", "flush")
    cluster.wait_until(
        lambda: "flush-bound" in faults(cluster).get("NODE_HV1_FLUSH_STUCK", ""),
        SECONDS,
        "the fault that names the VM",
    )
    cluster.wait_until(
        lambda: not guests.running(cluster)["hv1"] - {"flush-bound"}, SECONDS, "the rest to move"
    )
    assert state_of(cluster, "hv1") == "flush"
    assert "may only be on hv1" in faults(cluster)["NODE_HV1_FLUSH_STUCK"]
    assert places(cluster, "flush-bound") == {"flush-bound": ["hv1"]}
    vms.post("/vm/flush-bound/meta", {"limit": "hv1,hv2"})
    await_state(cluster, "hv1", "flushed")
    assert places(cluster, "flush-bound") == {"flush-bound": ["hv2"]}


def test_two_nodes_that_are_flushed_at_once_never_send_to_each_other(
    cluster: Cluster, vms: Vms
) -> None:
    start_all(vms, "hv1", "flush-a", "flush-b")
    start_all(vms, "hv2", "flush-c", "flush-d")
    for node in ("hv1", "hv2"):
        order(cluster, node, "flush")
    for node in ("hv1", "hv2"):
        await_state(cluster, node, "flushed")
    assert places(cluster, *NAMES) == {name: ["hv3"] for name in NAMES}
    for node in ("hv1", "hv2"):
        order(cluster, node, "ready")
    for name, node in zip(NAMES, ("hv1", "hv1", "hv2", "hv2"), strict=True):
        vms.await_running(name, node, SECONDS)


def test_a_killed_worker_goes_on_with_its_flush(cluster: Cluster, vms: Vms) -> None:
    start_all(vms, "hv1", *NAMES)
    node = cluster.node("hv1")
    before = tree_of(node)["vm"]
    order(cluster, "hv1", "flush")
    cluster.wait_until(
        lambda: any(vms.get(name)["node"] != "hv1" for name in NAMES),
        SECONDS,
        "the flush to have begun",
    )
    cluster.fault("hv1", "kill", "vm")
    cluster.wait_until(lambda: is_renewed(node, "vm", before), SECONDS, "the worker to be back")
    await_state(cluster, "hv1", "flushed")
    found = places(cluster, *NAMES)
    assert all(len(nodes) == 1 and nodes != ["hv1"] for nodes in found.values()), found


def test_a_vm_that_starts_by_itself_is_started_once(cluster: Cluster, vms: Vms) -> None:
    vms.define("flush-auto", "hv1", meta={"autostart": "true"})
    order(cluster, "hv1", "flush")
    await_state(cluster, "hv1", "flushed")
    assert places(cluster, "flush-auto") == {"flush-auto": []}
    order(cluster, "hv1", "ready")
    vms.await_running("flush-auto", "hv1")
    await_state(cluster, "hv1", "ready")
    assert vms.get("flush-auto")["node_autostart"] in (False, "False")

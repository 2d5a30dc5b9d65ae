"""What becomes of real VMs by order, by crash and by hands outside: each transition once."""

import time
from collections.abc import Iterator

import pytest

from testbed import guests
from testbed.cluster import Cluster
from tests.integration.processes import all_run, is_renewed, tree_of
from tests.integration.vms import Vms, vms_of

pytestmark = pytest.mark.integration

STRAY_SECONDS = 5.0


@pytest.fixture
def vms(cluster: Cluster) -> Iterator[Vms]:
    cluster.wait_until(lambda: all_run(cluster), 60, "all nodes to run")
    with vms_of(cluster) as vms:
        yield vms


def pid_of(cluster: Cluster, name: str) -> int:
    """Return the host's number of the VM's process; 0 when there is none."""
    return next((qemu.pid for qemu in guests.qemus(cluster) if qemu.name == name), 0)


def await_up(cluster: Cluster, vms: Vms, name: str, node: str, seconds: float = 120.0) -> None:
    """Wait until a VM runs on one node only and is seen running: its start is over."""
    vms.await_running(name, node, seconds)
    cluster.wait_until(
        lambda: vms.get(name)["seen"]["state"] == "running", seconds, f"{name} to be up"
    )


def started(cluster: Cluster, vms: Vms, name: str, node: str = "hv1", **options: object) -> None:
    vms.define(name, node, **options)
    vms.start(name)
    await_up(cluster, vms, name, node)


def test_each_order_is_carried_out(cluster: Cluster, vms: Vms) -> None:
    started(cluster, vms, "life")
    vms.await_booted("life", "hv1")
    first = pid_of(cluster, "life")
    vms.order("life", "restart")
    cluster.wait_until(
        lambda: pid_of(cluster, "life") not in (0, first), 120, "another process of life"
    )
    await_up(cluster, vms, "life", "hv1")
    vms.await_booted("life", "hv1")
    vms.order("life", "shutdown")
    vms.await_off("life", "stop")
    vms.start("life")
    await_up(cluster, vms, "life", "hv1")
    vms.order("life", "stop")
    vms.await_off("life", "stop", 15)
    vms.start("life")
    await_up(cluster, vms, "life", "hv1")
    vms.order("life", "disable", force="true")
    vms.await_off("life", "disable", 15)


def test_a_killed_vm_is_started_again_and_at_last_given_up(cluster: Cluster, vms: Vms) -> None:
    started(cluster, vms, "dies", disk=None)
    for _ in range(5):
        kill_and_await_another(cluster, "dies")
        await_up(cluster, vms, "dies", "hv1")
    cluster.fault("hv1", "kill", "vm:dies")
    vms.await_off("dies", "fail", 60)
    assert "6 times" in vms.get("dies")["failed_reason"]
    vms.start("dies")
    await_up(cluster, vms, "dies", "hv1")


def test_what_cannot_start_fails_with_the_reason(cluster: Cluster, vms: Vms) -> None:
    vms.define("fails", "hv2", disk="vms/there-is-none")
    vms.start("fails")
    vms.await_off("fails", "fail", 180)
    assert vms.get("fails")["failed_reason"]


@pytest.mark.parametrize("what", ["vm", "supervisor", "libvirtd"])
def test_vms_outlive_what_manages_them(cluster: Cluster, vms: Vms, what: str) -> None:
    started(cluster, vms, "lives", disk=None)
    node, pid = cluster.node("hv1"), pid_of(cluster, "lives")
    before = tree_of(node)
    cluster.fault("hv1", "kill", what)
    if what == "libvirtd":
        cluster.wait_until(lambda: node.is_active("libvirtd"), 30, "libvirtd on hv1")
    else:
        worker = "vm" if what == "vm" else "supervisor"
        cluster.wait_until(
            lambda: is_renewed(node, worker, before[worker]), 60, f"another {worker} on hv1"
        )
    await_up(cluster, vms, "lives", "hv1")
    assert pid_of(cluster, "lives") == pid
    vms.order("lives", "stop")
    vms.await_off("lives", "stop", 30)


def test_a_hung_libvirtd_holds_orders_up_and_nothing_else(cluster: Cluster, vms: Vms) -> None:
    started(cluster, vms, "waits", disk=None)
    pid, before = pid_of(cluster, "waits"), tree_of(cluster.node("hv1"))["vm"]
    cluster.fault("hv1", "stop", "libvirtd")
    time.sleep(6)
    vms.order("waits", "stop")
    time.sleep(6)
    assert pid_of(cluster, "waits") == pid
    assert tree_of(cluster.node("hv1"))["vm"] == before
    cluster.fault("hv1", "cont", "libvirtd")
    vms.await_off("waits", "stop", 60)


def test_a_frozen_guest_is_stopped_and_holds_up_no_other(cluster: Cluster, vms: Vms) -> None:
    started(cluster, vms, "frozen", disk=None)
    before = tree_of(cluster.node("hv1"))["vm"]
    cluster.fault("hv1", "stop", "vm:frozen")
    vms.order("frozen", "shutdown")
    started(cluster, vms, "other", disk=None)
    vms.order("other", "stop")
    vms.await_off("other", "stop", 20)
    vms.order("frozen", "stop")
    vms.await_off("frozen", "stop", 60)
    assert tree_of(cluster.node("hv1"))["vm"] == before


def test_a_stray_copy_is_ended_where_it_does_not_belong(cluster: Cluster, vms: Vms) -> None:
    uuid = vms.define("stray", "hv1", disk=None)
    vms.start("stray")
    await_up(cluster, vms, "stray", "hv1")
    pid = pid_of(cluster, "stray")
    create(cluster, "hv2", "stray", uuid)
    began = time.monotonic()
    await_up(cluster, vms, "stray", "hv1", 30)
    assert time.monotonic() - began >= STRAY_SECONDS - 1.0
    assert pid_of(cluster, "stray") == pid


def test_one_that_was_started_by_hand_is_taken_over(cluster: Cluster, vms: Vms) -> None:
    uuid = vms.define("found", "hv1", disk=None)
    create(cluster, "hv3", "found", uuid)
    # It is not wanted to run: whoever has it must own it before it may end it.
    vms.await_off("found", "stop", 30)


def kill_and_await_another(cluster: Cluster, name: str) -> None:
    """Kill a VM's process on hv1 and wait for the next one."""
    before = pid_of(cluster, name)
    cluster.fault("hv1", "kill", f"vm:{name}")
    cluster.wait_until(
        lambda: pid_of(cluster, name) not in (0, before), 60, f"{name} to be started again"
    )


def create(cluster: Cluster, node: str, name: str, uuid: str) -> None:
    """Start a copy of a VM behind everybody's back."""
    xml = guests.domain_xml(cluster, name, uuid, disk=None, serial=False)
    cluster.node(node).write(f"/root/{name}.xml", xml)
    cluster.node(node).run(["virsh", "--quiet", "create", f"/root/{name}.xml"])

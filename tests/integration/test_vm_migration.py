"""Real moves of real VMs, undisturbed and with each part of the cluster failing in the middle.

The witness is the guest: it counts on its console, so a number that was said on two nodes was
counted by two running copies.
"""

import re
from collections.abc import Iterator
from typing import Final

import pytest

from testbed import guests
from testbed.cluster import Cluster
from tests.integration.flushing import make_ready
from tests.integration.processes import all_run, is_renewed, tree_of
from tests.integration.vms import Vms, vms_of

pytestmark = pytest.mark.integration

NAMES: Final = ("hv1", "hv2", "hv3")
SETTLE_SECONDS: Final = 180.0
SLOW_MB: Final = "8"
"""MiB per second: a move takes long enough for something to happen in its middle."""


@pytest.fixture
def vms(cluster: Cluster) -> Iterator[Vms]:
    cluster.wait_until(lambda: all_run(cluster), 60, "all nodes to run")
    make_ready(cluster)
    with vms_of(cluster) as vms:
        yield vms


def booted(cluster: Cluster, vms: Vms, name: str, **meta: str) -> None:
    """Have a VM whose guest counts on hv1."""
    vms.define(name, "hv1", meta={"migration_method": "none", **meta})
    vms.start(name)
    vms.await_booted(name, "hv1")
    cluster.wait_until(lambda: vms.get(name)["seen"]["state"] == "running", 60, f"{name} to be up")


def under_way(cluster: Cluster, vms: Vms, name: str, **form: str) -> None:
    """Order a slow move to hv2 and wait until its copy is there."""
    cluster.node("hv1").run(["virsh", "--quiet", "migrate-setspeed", name, SLOW_MB])
    vms.move(name, "migrate", node="hv2", **form)
    cluster.wait_until(
        lambda: vms.nodes_running(name) == ["hv1", "hv2"], 60, f"a copy of {name} on hv2"
    )


def check_counted_once(cluster: Cluster, name: str) -> None:
    """See that no number was counted on two nodes since the guest has booted."""
    counted = {node: ticks(cluster, node, name) for node in NAMES}
    for one in NAMES:
        for other in NAMES:
            assert one >= other or not counted[one] & counted[other]


def ticks(cluster: Cluster, node: str, name: str) -> set[int]:
    """Return the numbers a guest has said on a node since it booted last."""
    said = guests.console_log(cluster, node, name).rpartition("GUEST-UP")[2]
    return {int(number) for number in re.findall(r"tick (\d+)", said)}


def is_given_up(vms: Vms, name: str) -> bool:
    """Whether a VM is on hv1 and nothing is about to change that."""
    vm = vms.get(name)
    return bool((vm["state"], vm["node"]) == ("start", "hv1"))


def await_one(cluster: Cluster, vms: Vms, name: str, nodes: tuple[str, ...]) -> str:
    """Wait until a VM runs on exactly one of these nodes and the API says so; return it."""

    def settled() -> str:
        running = vms.nodes_running(name)
        vm = vms.get(name)
        is_said = vm["state"] == "start" and [vm["node"]] == running
        return running[0] if is_said and running[0] in nodes else ""

    return cluster.wait_until(settled, SETTLE_SECONDS, f"{name} to run once, on {nodes}")


def test_there_and_back_live(cluster: Cluster, vms: Vms) -> None:
    booted(cluster, vms, "moves")
    vms.move("moves", "migrate", node="hv2")
    vms.await_running("moves", "hv2")
    assert vms.get("moves")["last_node"] == "hv1"
    cluster.wait_until(lambda: ticks(cluster, "hv2", "moves"), 60, "the guest to count on hv2")
    check_counted_once(cluster, "moves")
    vms.move("moves", "unmigrate")
    vms.await_running("moves", "hv1")


def test_by_shutdown(cluster: Cluster, vms: Vms) -> None:
    booted(cluster, vms, "halts", migration_method="shutdown")
    vms.move("halts", "migrate", node="hv3")
    vms.await_running("halts", "hv3")
    vms.await_booted("halts", "hv3")


@pytest.mark.parametrize("node", ["hv1", "hv2"])
def test_a_vm_worker_is_killed_in_the_middle(cluster: Cluster, vms: Vms, node: str) -> None:
    name = f"orphan-{node}"
    booted(cluster, vms, name)
    under_way(cluster, vms, name)
    before = tree_of(cluster.node(node))["vm"]
    cluster.fault(node, "kill", "vm")
    cluster.wait_until(
        lambda: is_renewed(cluster.node(node), "vm", before), 60, f"another vm worker on {node}"
    )
    vms.await_running(name, "hv2", SETTLE_SECONDS)
    check_counted_once(cluster, name)


def test_the_targets_libvirtd_hangs_in_the_middle(cluster: Cluster, vms: Vms) -> None:
    booted(cluster, vms, "stays", migration_method="live")
    under_way(cluster, vms, "stays")
    cluster.fault("hv2", "stop", "libvirtd")
    cluster.wait_until(lambda: is_given_up(vms, "stays"), SETTLE_SECONDS, "it to stay")
    cluster.fault("hv2", "cont", "libvirtd")
    assert await_one(cluster, vms, "stays", ("hv1",)) == "hv1"
    check_counted_once(cluster, "stays")


def test_the_sources_libvirtd_dies_in_the_middle(cluster: Cluster, vms: Vms) -> None:
    booted(cluster, vms, "survives")
    under_way(cluster, vms, "survives")
    cluster.fault("hv1", "kill", "libvirtd")
    # What stayed is moved by the other method.
    await_one(cluster, vms, "survives", ("hv2",))


def test_the_target_loses_its_power_in_the_middle(cluster: Cluster, vms: Vms) -> None:
    booted(cluster, vms, "left", migration_method="live")
    under_way(cluster, vms, "left")
    cluster.power("hv2", "off")
    await_one(cluster, vms, "left", ("hv1",))
    cluster.power("hv2", "on")


def test_zookeeper_is_away_in_the_middle(cluster: Cluster, vms: Vms) -> None:
    booted(cluster, vms, "alone")
    under_way(cluster, vms, "alone")
    for node in NAMES:
        cluster.fault(node, "stop", "zookeeper")
    cluster.wait_until(
        lambda: vms.nodes_running("alone") == ["hv2"], SETTLE_SECONDS, "it to run on hv2 only"
    )
    for node in NAMES:
        cluster.fault(node, "cont", "zookeeper")
    await_one(cluster, vms, "alone", ("hv2",))
    check_counted_once(cluster, "alone")


def test_it_is_stopped_in_the_middle(cluster: Cluster, vms: Vms) -> None:
    booted(cluster, vms, "halted")
    under_way(cluster, vms, "halted")
    vms.order("halted", "stop")
    vms.await_off("halted", "stop", SETTLE_SECONDS)

"""The tree of processes on real nodes: what dies or hangs is replaced, and nothing else ends."""

from functools import partial

import pytest

from runtime.clock import SYSTEM_CLOCK
from testbed.cluster import Cluster
from tests.integration.beats import observer
from tests.integration.processes import all_run, is_renewed, is_whole, root_of, states, tree_of
from workers.console.spec import SPEC as CONSOLE
from workers.keepalive.spec import SPEC as KEEPALIVE
from workers.spec import WorkerSpec

pytestmark = pytest.mark.integration


@pytest.fixture(autouse=True)
def whole_cluster(cluster: Cluster) -> None:
    """Each test begins with all nodes running."""
    cluster.wait_until(lambda: all_run(cluster), 60, "all nodes to run")
    for node in cluster.nodes:
        cluster.wait_until(partial(is_whole, node), 30, f"the tree of {node.name}")


@pytest.mark.parametrize("worker", ["keepalive", "console"])
def test_a_killed_worker_is_replaced_alone(cluster: Cluster, worker: str) -> None:
    node = cluster.node("hv2")
    before = tree_of(node)
    cluster.fault("hv2", "kill", worker)
    cluster.wait_until(lambda: is_renewed(node, worker, before[worker]), 10, "the successor")
    after = tree_of(node)
    assert {k: v for k, v in after.items() if k != worker} == {
        k: v for k, v in before.items() if k != worker
    }


@pytest.mark.parametrize("spec", [KEEPALIVE, CONSOLE], ids=lambda spec: spec.name)
def test_a_stopped_worker_is_killed_and_replaced(cluster: Cluster, spec: WorkerSpec) -> None:
    node = cluster.node("hv2")
    before = tree_of(node)
    stopped = SYSTEM_CLOCK.now()
    cluster.fault("hv2", "stop", spec.name)
    cluster.wait_until(
        lambda: is_renewed(node, spec.name, before[spec.name]),
        spec.beat_timeout_seconds + 10,
        "the successor",
    )
    print(f"{spec.name}: replaced {SYSTEM_CLOCK.now() - stopped:.1f} s after SIGSTOP")
    assert tree_of(node)["supervisor"] == before["supervisor"]


def test_a_crash_looping_worker_is_parked_with_a_fault(cluster: Cluster) -> None:
    node = cluster.node("hv2")
    before = tree_of(node)

    def parked_fault() -> bool:
        pid = tree_of(node).get("console")
        if pid is not None:
            node.run(["kill", "-KILL", str(pid)], check=False)
        _, faults = cluster.api("/faults")
        assert isinstance(faults, list)
        return any("CONSOLE" in fault["id"] and "HV2" in fault["id"] for fault in faults)

    cluster.wait_until(parked_fault, 90, "the fault of the parked console worker")
    after = tree_of(node)
    assert after["keepalive"] == before["keepalive"]
    assert after["supervisor"] == before["supervisor"]
    assert states(cluster)["hv2"] == "run"
    status = node.unit("pvcnoded", "StatusText")["StatusText"]
    assert "console" in status
    node.run(["systemctl", "restart", "pvcnoded"])
    cluster.wait_until(lambda: is_whole(node), 30, "the tree after the restart")
    cluster.api("/faults", method="DELETE")


def test_keepalives_death_loop_ends_the_root(cluster: Cluster) -> None:
    node = cluster.node("hv2")
    root = root_of(node)

    def escalated() -> bool:
        pid = tree_of(node).get("keepalive")
        if pid is not None and root_of(node) == root:
            node.run(["kill", "-KILL", str(pid)], check=False)
        return root_of(node) not in (root, 0)

    cluster.wait_until(escalated, 90, "the root to give up and systemd to start it again")
    cluster.wait_until(lambda: is_whole(node), 30, "the tree")


def test_a_killed_root_leaves_no_orphan(cluster: Cluster) -> None:
    node = cluster.node("hv2")
    before = tree_of(node)
    cluster.fault("hv2", "kill", "supervisor")
    cluster.wait_until(
        lambda: not set(before.values()) & set(tree_of(node).values()), 5, "the old tree to end"
    )
    cluster.wait_until(lambda: is_whole(node), 30, "systemd to restore the tree")


def test_a_hung_root_is_replaced_by_systemd(cluster: Cluster) -> None:
    node = cluster.node("hv2")
    before = tree_of(node)
    cluster.fault("hv2", "stop", "supervisor")
    cluster.wait_until(
        lambda: is_renewed(node, "supervisor", before["supervisor"]),
        60,
        "the watchdog and a new tree",
    )


def test_reload_keeps_the_main_process_and_the_beats(cluster: Cluster) -> None:
    node = cluster.node("hv2")
    root, keepalive = root_of(node), tree_of(node)["keepalive"]
    with observer(cluster, "hv2") as beats:
        cluster.wait_until(lambda: len(beats.times()) >= 2, 10, "beats")
        node.run(["systemctl", "reload", "pvcnoded"])
        cluster.wait_until(lambda: is_renewed(node, "keepalive", keepalive), 20, "a new tree")
        done = SYSTEM_CLOCK.now()
        cluster.wait_until(lambda: beats.has_beaten(2, done), 10, "beats of the new tree")
    assert root_of(node) == root
    assert max(beats.gaps()) < 5.0, beats.gaps()


def test_a_planned_stop_is_announced(cluster: Cluster) -> None:
    node = cluster.node("hv3")
    node.run(["systemctl", "stop", "pvcnoded"], timeout_seconds=60)
    cluster.wait_until(lambda: states(cluster)["hv3"] == "stop", 10, "hv3 to be shown as stopped")
    assert tree_of(node) == {}
    node.run(["systemctl", "start", "pvcnoded"], timeout_seconds=60)
    cluster.wait_until(lambda: states(cluster)["hv3"] == "run", 20, "hv3 to run again")


def test_a_node_without_power_is_shown_as_dead(cluster: Cluster) -> None:
    cluster.fault("hv3", "power-off")
    cluster.wait_until(lambda: states(cluster)["hv3"] == "dead", 20, "hv3 to be shown as dead")
    cluster.fault("hv3", "power-on")
    cluster.wait_until(lambda: all_run(cluster), 60, "hv3 to be back")

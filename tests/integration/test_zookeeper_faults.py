"""Zookeeper dies in all ways: the trees stay up, nothing raises, beats resume."""

from collections.abc import Iterator
from functools import partial

import pytest

from runtime.clock import SYSTEM_CLOCK
from testbed.cluster import Cluster
from tests.integration.beats import observer
from tests.integration.processes import all_run, time_in, tracebacks, tree_of

pytestmark = pytest.mark.integration


@pytest.fixture(autouse=True)
def trees_stay(cluster: Cluster) -> Iterator[None]:
    """No tree may lose a process, and nothing may raise, whatever Zookeeper does."""
    cluster.wait_until(lambda: all_run(cluster), 60, "all nodes to run")
    before = {node.name: tree_of(node) for node in cluster.nodes}
    since = {node.name: time_in(node) for node in cluster.nodes}
    yield
    cluster.wait_until(cluster.has_quorum, 60, "the ensemble to be whole again")
    cluster.wait_until(lambda: all_run(cluster), 60, "all nodes to run again")
    assert {node.name: tree_of(node) for node in cluster.nodes} == before
    assert {
        node.name: tracebacks(node, since[node.name]) for node in cluster.nodes
    } == dict.fromkeys(before, "")


def _leader(cluster: Cluster) -> str:
    return next(n.name for n in cluster.coordinators if n.zookeeper_mode() == "leader")


def _follower(cluster: Cluster) -> str:
    return next(n.name for n in cluster.coordinators if n.zookeeper_mode() == "follower")


def _beats_resume(cluster: Cluster, *, ask: str | None = None) -> None:
    """Wait for two beats of each node, as a Zookeeper member shows them."""
    for node in cluster.nodes:
        with observer(cluster, node.name, ask=ask) as beats:
            start = SYSTEM_CLOCK.now()
            cluster.wait_until(
                partial(beats.has_beaten, 2, start),
                30,
                f"beats of {node.name}",
            )


def test_a_member_is_killed(cluster: Cluster) -> None:
    name = _follower(cluster)
    cluster.fault(name, "kill", "zookeeper")
    _beats_resume(cluster)


def test_the_leader_is_killed(cluster: Cluster) -> None:
    cluster.fault(_leader(cluster), "kill", "zookeeper")
    _beats_resume(cluster)


def test_the_leader_hangs(cluster: Cluster) -> None:
    name = _leader(cluster)
    cluster.fault(name, "stop", "zookeeper")
    try:
        cluster.wait_until(lambda: _leader_besides(cluster, name), 30, "another leader")
        _beats_resume(cluster, ask=next(n.name for n in cluster.coordinators if n.name != name))
    finally:
        cluster.fault(name, "cont", "zookeeper")


def test_all_members_go_down_and_come_back(cluster: Cluster) -> None:
    for node in cluster.coordinators:
        node.run(["systemctl", "stop", "zookeeper"], timeout_seconds=60)
    # The API answers from its mirror meanwhile, and says how old its data is.
    assert cluster.api("/node")[0] == 200
    for node in cluster.coordinators:
        node.run(["systemctl", "start", "zookeeper"], timeout_seconds=60)
    cluster.wait_until(cluster.has_quorum, 60, "quorum")
    _beats_resume(cluster)


def test_a_node_is_cut_off_and_healed(cluster: Cluster) -> None:
    cluster.fault("hv3", "cut")
    try:
        cluster.wait_until(
            lambda: _state_seen_by(cluster, "hv1", "hv3") == "dead", 30, "hv3 to be missed"
        )
    finally:
        cluster.fault("hv3", "heal")
    cluster.wait_until(lambda: all_run(cluster), 60, "hv3 to be back")
    _beats_resume(cluster)


def _leader_besides(cluster: Cluster, name: str) -> bool:
    modes = {n.name: n.zookeeper_mode() for n in cluster.coordinators if n.name != name}
    return "leader" in modes.values()


def _state_seen_by(cluster: Cluster, asked: str, node: str) -> str:
    _, nodes = cluster.api("/node", node=asked)
    assert isinstance(nodes, list)
    return str(next(n["daemon_state"] for n in nodes if n["name"] == node))

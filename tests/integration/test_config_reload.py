"""The configuration is changed under a running node: a wrong file changes nothing but words."""

from collections.abc import Iterator

import pytest

from testbed.cluster import Cluster
from testbed.node import Node
from tests.integration.processes import is_renewed, is_whole, root_of, tree_of

pytestmark = pytest.mark.integration

PATH = "/etc/pvc/pvcnoded.yaml"


@pytest.fixture
def node(cluster: Cluster) -> Iterator[Node]:
    """Return a node whose file is as before afterwards."""
    node = cluster.node("hv2")
    cluster.wait_until(lambda: is_whole(node), 60, "the tree")
    node.run(["cp", "-p", PATH, f"{PATH}.before"])
    yield node
    node.run(["mv", f"{PATH}.before", PATH])
    node.run(["systemctl", "restart", "pvcnoded"], timeout_seconds=60)
    cluster.wait_until(lambda: is_whole(node), 30, "the tree")


def _change(node: Node, old: str, new: str) -> None:
    node.run(["sed", "-i", f"s/{old}/{new}/", PATH])


def test_a_wrong_file_is_refused_and_the_right_one_taken(cluster: Cluster, node: Node) -> None:
    root, before = root_of(node), tree_of(node)
    _change(node, "keepalive_interval: 1", "keepalive_interval: often")
    node.run(["systemctl", "reload", "pvcnoded"])
    cluster.wait_until(lambda: _status(node).startswith("reload refused"), 20, "the refusal")
    assert tree_of(node) == before
    assert "keepalive_interval: 'often' is not a number" in node.journal("pvcnoded")

    _change(node, "keepalive_interval: often", "keepalive_interval: 1")
    _change(node, "debug: false", "debug: true")
    node.run(["systemctl", "reload", "pvcnoded"])
    cluster.wait_until(lambda: is_renewed(node, "keepalive", before["keepalive"]), 20, "a new tree")
    cluster.wait_until(lambda: "refused" not in _status(node), 20, "the status line")
    assert root_of(node) == root


def test_a_wrong_file_keeps_the_unit_from_starting_with_every_fault_named(node: Node) -> None:
    _change(node, "keepalive_interval: 1", "keepalive_interval: often")
    _change(node, "zookeeper_logging", "zookeeper_loging")
    node.run(["systemctl", "restart", "pvcnoded"], check=False, timeout_seconds=60)
    shown = node.unit("pvcnoded", "ActiveState", "ExecMainStatus", "NRestarts")
    assert shown == {"ActiveState": "failed", "ExecMainStatus": "78", "NRestarts": "0"}
    said = node.journal("pvcnoded")
    assert "pvc.system.intervals.keepalive_interval" in said
    assert "zookeeper_loging: unknown key (did you mean 'zookeeper_logging'?)" in said


def _status(node: Node) -> str:
    return node.unit("pvcnoded", "StatusText")["StatusText"]

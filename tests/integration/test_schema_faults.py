"""Somebody breaks the tree's version, or a node's keys: nobody acts on what is not understood."""

from collections.abc import Iterator
from functools import partial

import pytest

from cluster.schema.versions import NEWEST
from runtime.clock import SYSTEM_CLOCK
from testbed.cluster import Cluster
from testbed.node import Node
from tests.integration.beats import observer
from tests.integration.meddler import VERSION, Meddler, meddling
from tests.integration.processes import all_run, is_whole, root_of, tree_of

pytestmark = pytest.mark.integration


@pytest.fixture
def meddler(cluster: Cluster) -> Iterator[Meddler]:
    """Return somebody with access to the tree, which is whole again afterwards."""
    cluster.wait_until(lambda: all_run(cluster), 60, "all nodes to run")
    with meddling(cluster) as meddler:
        yield meddler
        meddler.put(VERSION, str(NEWEST).encode())
        cluster.wait_until(lambda: all_run(cluster), 60, "all nodes to run again")
        for node in cluster.nodes:
            cluster.wait_until(partial(is_whole, node), 30, f"the tree of {node.name}")


def _status(node: Node) -> str:
    return node.unit("pvcnoded", "StatusText")["StatusText"]


@pytest.mark.parametrize(("found", "said"), [(b"what", "'what'"), (b"99", "schema 99")])
def test_a_version_nobody_knows_stops_all_but_the_beats(
    cluster: Cluster, meddler: Meddler, found: bytes, said: str
) -> None:
    node = cluster.node("hv2")
    root = root_of(node)
    meddler.put(VERSION, found)
    cluster.wait_until(lambda: "console" not in tree_of(node), 20, "console to be stopped")
    cluster.wait_until(lambda: said in _status(node), 20, "the status line")
    cluster.wait_until(lambda: cluster.api("/node")[0] == 503, 20, "the API to refuse")
    with observer(cluster, "hv2") as beats:
        start = SYSTEM_CLOCK.now()
        cluster.wait_until(lambda: beats.has_beaten(2, start), 10, "beats")
    assert meddler.get(VERSION) == found
    assert root_of(node) == root


def test_a_tree_that_lost_its_version_is_not_migrated(cluster: Cluster, meddler: Meddler) -> None:
    meddler.delete(VERSION)
    for node in cluster.nodes:
        cluster.wait_until(partial(_says_it_is_missing, node), 20, f"{node.name} to say so")
    assert meddler.get(VERSION) is None


def test_a_node_whose_keys_are_deleted_is_registered_again(
    cluster: Cluster, meddler: Meddler
) -> None:
    before = meddler.names("/nodes/hv2")
    processes = tree_of(cluster.node("hv2"))
    meddler.delete("/nodes/hv2")
    cluster.wait_until(lambda: before <= meddler.names("/nodes/hv2"), 40, "all keys of hv2")
    cluster.wait_until(lambda: all_run(cluster), 10, "hv2 to be shown")
    assert tree_of(cluster.node("hv2")) == processes


def test_a_state_that_somebody_has_overwritten_is_put_right(
    cluster: Cluster, meddler: Meddler
) -> None:
    meddler.put("/nodes/hv2/daemonstate", b"\xff junk")
    cluster.wait_until(lambda: meddler.get("/nodes/hv2/daemonstate") == b"run", 20, "the state")


def _says_it_is_missing(node: Node) -> bool:
    return f"{VERSION} is missing" in _status(node)

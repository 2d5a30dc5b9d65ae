"""Trees that are not ours from the start: one of the earlier implementation, one behind a
credential."""

from collections.abc import Iterator

import pytest

from cluster.schema.tree import OF_OTHERS
from cluster.schema.versions import NEWEST
from runtime.errors import StoreUnavailable
from testbed.cluster import Cluster
from testbed.node import Node
from tests.fakes.old_trees import old_tree
from tests.integration.meddler import VERSION, Meddler, meddling
from tests.integration.processes import all_run, states

pytestmark = pytest.mark.integration

UNITS = ("pvcapid", "pvcnoded")
FILES = ("/etc/pvc/pvcnoded.yaml", "/etc/pvc/pvcapid.yaml")
CREDENTIAL = ("pvc", "secret")


@pytest.fixture
def stopped(cluster: Cluster) -> Iterator[Cluster]:
    """Return the cluster without daemons and without a tree; it has a new one afterwards."""
    cluster.wait_until(lambda: all_run(cluster), 60, "all nodes to run")
    _stop(cluster)
    with meddling(cluster) as meddler:
        _wipe(meddler)
    yield cluster
    _stop(cluster)
    with meddling(cluster, CREDENTIAL) as meddler:
        _wipe(meddler)
    for node in cluster.nodes:
        _start(node)
    cluster.wait_until(lambda: all_run(cluster), 60, "all nodes to run on a new tree")


def test_a_tree_of_the_earlier_implementation_waits_for_all_and_is_migrated(
    stopped: Cluster,
) -> None:
    tree = old_tree(12)
    for name in ("hv1", "hv2", "hv3"):
        tree |= {f"/nodes/{name}/daemonstate": b"run", f"/nodes/{name}/latestschema": b"12"}
    first, second, third = stopped.nodes
    with meddling(stopped) as meddler:
        for path in sorted(tree):
            meddler.put(path, tree[path])
        backups = {node.name: _backups(node) for node in stopped.nodes}
        for node in (first, second):
            _start(node)
        stopped.wait_until(lambda: "waiting for node hv3" in _status(first), 20, "the wait")
        assert meddler.get(VERSION) == b"12"
        _start(third)
        stopped.wait_until(
            lambda: meddler.get(VERSION) == str(NEWEST).encode(), 40, "the migration"
        )
    stopped.wait_until(lambda: all_run(stopped), 40, "all nodes to run")
    assert set(states(stopped)) == {"hv1", "hv2", "hv3"}
    made = [_backups(node) - backups[node.name] for node in stopped.nodes]
    assert sum(map(len, made)) == 1, made


def test_a_credential_closes_the_tree_to_everybody_else(stopped: Cluster) -> None:
    for node in stopped.nodes:
        for file in FILES:
            node.run(["cp", "-p", file, f"{file}.before"])
    try:
        for node in stopped.nodes:
            _give_credential(node, *CREDENTIAL)
            _start(node)
        stopped.wait_until(lambda: all_run(stopped), 60, "all nodes to run")
        with meddling(stopped) as stranger, pytest.raises(StoreUnavailable, match="credential"):
            stranger.get("/nodes/hv1/ipmipassword")

        last = stopped.node("hv3")
        _give_credential(last, CREDENTIAL[0], "wrong")
        last.run(["systemctl", "restart", "pvcnoded"], timeout_seconds=60)
        stopped.wait_until(lambda: "refuses our credential" in _status(last), 20, "the refusal")
        stopped.wait_until(lambda: states(stopped)["hv3"] in ("dead", "stop"), 20, "its absence")
    finally:
        for node in stopped.nodes:
            for file in FILES:
                node.run(["mv", f"{file}.before", file])


def _wipe(meddler: Meddler) -> None:
    for name in meddler.names("/") - OF_OTHERS:
        meddler.delete(f"/{name}")


def _stop(cluster: Cluster) -> None:
    for node in cluster.nodes:
        node.run(["systemctl", "stop", *UNITS], timeout_seconds=60)


def _start(node: Node) -> None:
    node.run(["systemctl", "start", *UNITS], timeout_seconds=60)


def _status(node: Node) -> str:
    return node.unit("pvcnoded", "StatusText")["StatusText"]


def _backups(node: Node) -> set[str]:
    listed = node.run(["find", "/var/lib/pvc/schema-backups", "-name", "*.jsonl"], check=False)
    return set(listed.stdout.split())


def _give_credential(node: Node, username: str, password: str) -> None:
    section = f"zookeeper: {{username: {username}, password: {password}}}"
    for file, line in zip(FILES, ("  cluster:", "pvc:"), strict=True):
        before = node.run(["cat", f"{file}.before"]).stdout
        more = f"    {section}" if line == "  cluster:" else f"  cluster:\n    {section}"
        node.write(file, before.replace(f"{line}\n", f"{line}\n{more}\n", 1))

"""Junk in every key that people may look at: the API answers, nothing raises, the daemons go on."""

from collections.abc import Iterator

import pytest

from testbed.cluster import Cluster
from tests.integration.meddler import Meddler, meddling
from tests.integration.processes import all_run, time_in, tracebacks, tree_of

pytestmark = pytest.mark.integration

TOPS = ("/nodes", "/faults", "/logs", "/tasks", "/config")
NEW = ("/nodes/ghost", "/faults/X", "/faults/X/report", "/logs/ghost", "/logs/hv1/-5", "/tasks/X")
JUNK = (
    b"\xff\xfe\x00",
    b"",
    b'{"a":',
    b"null",
    b"NaN",
    b"[" * 50_000,
    b"9" * 400,
    b'{"workers": {"x": {"state": {}}}, "interfaces": {"e": {"state": 1}}, "memory": []}',
)
READS = ("/", "/node", "/node/hv1", "/node/hv1/log", "/status", "/faults", "/tasks")


@pytest.fixture
def meddler(cluster: Cluster) -> Iterator[Meddler]:
    """Return somebody with access to the tree, which is as before afterwards."""
    cluster.wait_until(lambda: all_run(cluster), 60, "all nodes to run")
    with meddling(cluster) as meddler:
        before = {path: data for top in TOPS for path, data in meddler.below(top).items()}
        yield meddler
        for path in NEW:
            meddler.delete(path)
        for path in sorted(before):
            meddler.put(path, before[path])
        cluster.wait_until(lambda: all_run(cluster), 60, "all nodes to run again")


def test_junk_in_every_key_harms_nobody(cluster: Cluster, meddler: Meddler) -> None:
    since = {node.name: time_in(node) for node in cluster.nodes}
    processes = {node.name: tree_of(node) for node in cluster.nodes}
    for path in NEW:
        meddler.put(path, b"junk")
    for junk in JUNK:
        for top in TOPS:
            for path in meddler.below(top):
                meddler.put(path, junk)
        answers = {path: cluster.api(path)[0] for path in READS}
        assert answers == dict.fromkeys(READS, 200), junk
    assert {node.name: tree_of(node) for node in cluster.nodes} == processes
    assert {n.name: tracebacks(n, since[n.name]) for n in cluster.nodes} == dict.fromkeys(since, "")

"""A node stands still for a while and goes on: nothing in it is restarted, its beats go on."""

import pytest

from runtime.clock import SYSTEM_CLOCK
from testbed.cluster import Cluster
from tests.integration.beats import observer
from tests.integration.processes import all_run, states, tree_of

pytestmark = pytest.mark.integration


def test_a_short_freeze_restarts_nothing(cluster: Cluster) -> None:
    cluster.wait_until(lambda: all_run(cluster), 60, "all nodes to run")
    node = cluster.node("hv3")
    before, api = tree_of(node), node.unit("pvcapid", "MainPID")
    cluster.fault("hv3", "freeze")
    try:
        cluster.wait_until(lambda: states(cluster)["hv3"] == "dead", 20, "hv3 to be missed")
    finally:
        cluster.fault("hv3", "thaw")
    with observer(cluster, "hv3") as beats:
        start = SYSTEM_CLOCK.now()
        cluster.wait_until(lambda: beats.has_beaten(3, start), 15, "beats")
    cluster.wait_until(lambda: all_run(cluster), 30, "hv3 to be back")
    assert tree_of(node) == before
    assert node.unit("pvcapid", "MainPID") == api
    # Slots that went by are left out, not caught up; one beat may have been on its way all along.
    assert sum(gap < 0.3 for gap in beats.gaps()) <= 1, beats.gaps()

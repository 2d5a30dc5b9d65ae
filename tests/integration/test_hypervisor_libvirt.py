"""The adapter keeps the hypervisor's contract on real libvirt, QEMU and Ceph, on two nodes."""

from collections.abc import Iterator

import pytest

from testbed.cluster import Cluster

pytest.register_assert_rewrite(
    "tests.hypervisor_contract", "tests.hypervisor_move_contract", "tests.hypervisor_beds"
)

from tests.hypervisor_cluster_bed import ClusterBed  # noqa: E402 - after its registration
from tests.hypervisor_contract import HypervisorContract  # noqa: E402
from tests.hypervisor_move_contract import MoveContract  # noqa: E402

LONGEST_CALL_SECONDS = 0.5
"""Far more than any call takes on a busy machine, far less than anything that waits."""


@pytest.mark.integration
class TestLibvirtHypervisor(HypervisorContract, MoveContract):
    """The suite on the testbed."""

    @pytest.fixture
    def bed(self, cluster: Cluster) -> Iterator[ClusterBed]:
        bed = ClusterBed(cluster)
        try:
            yield bed
        finally:
            bed.close()
        slowest = max(hypervisor.slowest for hypervisor in bed.nodes.values())
        assert slowest < LONGEST_CALL_SECONDS, "a call of the hypervisor waited"

"""Health in percent: 100 less what unacknowledged faults take from it, never below 0; pure."""

from collections.abc import Iterable

from cluster.model.fault import Fault, FaultStatus
from cluster.records.fault_record import fault_id


def cluster_health(faults: Iterable[Fault]) -> int:
    """Return what these faults leave of full health."""
    lost = sum(fault.health_delta for fault in faults if fault.status is FaultStatus.NEW)
    return max(0, min(100, 100 - lost))


def faults_of_node(faults: Iterable[Fault], node: str) -> list[Fault]:
    """Return the faults that a node's own processes report: `NODE_<NODE>_<CONDITION>`."""
    prefix = f"{fault_id('node', node)}_"
    return [fault for fault in faults if fault.id.startswith(prefix)]

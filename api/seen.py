"""What this API sees of the cluster: records, and what it concludes from them."""

from dataclasses import dataclass

from cluster.model.cluster import Cluster
from cluster.model.fault import Fault
from cluster.model.node import DaemonState, FlushProgress, Node
from cluster.model.osd import Osd
from cluster.model.vm import Vm


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenNode:
    """A node and what is shown of it."""

    node: Node
    daemon_state: DaemonState
    beat_age_seconds: float | None
    """For how long its beat has not moved, by this process's own clock; None while it cannot
    tell."""
    health: int | None
    """None while the node does not run."""
    fault_ids: frozenset[str] = frozenset()
    running_vms: tuple[str, ...] = ()
    """Names of the VMs on it."""
    flush: FlushProgress | None = None
    """How its last flush, or its being made ready, goes."""
    is_flush_of_order: bool = False
    """Whether that is what the order in force asks for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """The cluster as a whole."""

    cluster: Cluster
    nodes: tuple[SeenNode, ...]
    vms: tuple[Vm, ...]
    osds: tuple[Osd, ...]
    faults: tuple[Fault, ...]
    version: str
    """Of the primary's software."""

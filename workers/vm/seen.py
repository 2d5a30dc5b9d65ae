"""What the vm worker sees in one round: the tree's records, the hypervisor, its own jobs."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from cluster.model.definition import Definition
from cluster.model.node import DomainState, WantedDomainState
from cluster.model.task import Task
from cluster.model.vm import Arrival, Transfer, VmMeta, Wanted
from cluster.model.vm import Seen as SeenRecord
from workers.vm.jobs import JobState
from workers.vm.local import LocalVm, Sight, Statistics


@dataclass(frozen=True, slots=True, kw_only=True)
class VmView:
    """One VM that concerns this node: wanted here, seen here, at home here, arriving here, or
    running here."""

    uuid: str
    name: str
    wanted: Wanted
    record: SeenRecord
    """What its node sees of it, as the store has it."""
    transfer: Transfer | None = None
    arrival: Arrival | None = None
    meta: VmMeta = field(default_factory=VmMeta)
    definition: Definition | None = None
    """None: it cannot be understood; the hypervisor gets its text all the same."""
    local: LocalVm | None = None
    """As the hypervisor of this node has it, None when it has not."""
    job: JobState | None = None
    """The job on it, running or ended and not yet taken notice of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeView:
    """A node as a place for VMs."""

    name: str
    is_alive: bool
    """Its daemon says run and its keepalive has a session, as the store has it."""
    domain_state: DomainState | None
    wanted_domain_state: WantedDomainState | None
    wanted_version: int = 0
    """Version of the key `node.wanted_domain_state`: an order that sends a VM there demands it."""
    memory_total_mb: int = 0
    memory_free_mb: int = 0
    memory_allocated_mb: int = 0
    memory_provisioned_mb: int = 0
    vcpus_allocated: int = 0
    vms_running: int = 0
    cpu_count: int = 0
    load: float = 0.0
    arriving: tuple[str, ...] = ()
    """UUIDs of VMs that are to run there and are not seen there yet."""
    arriving_mb: int = 0
    """Their memory."""
    arriving_vcpus: int = 0
    receiving: int = 0
    """How many live migrations to it are under way, by their transfers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """All of it."""

    node: str
    """This node."""
    store_trouble: str = ""
    """Why the tree cannot be believed at present: nothing may be written or begun; empty when it
    can. `vms` and `nodes` are then as they were last known, empty before the first look."""
    sight: Sight
    statistics: Statistics
    vms: Mapping[str, VmView]
    """By UUID."""
    strangers: Mapping[str, LocalVm] = field(default_factory=dict)
    """VMs in the hypervisor that the tree does not know, by UUID; never touched."""
    nodes: Mapping[str, NodeView] = field(default_factory=dict)
    """All nodes of the cluster by name, this one among them."""
    tasks: Mapping[str, Task] = field(default_factory=dict)
    """The tasks this worker is to execute, by id."""

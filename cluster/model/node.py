"""A node: a host of the cluster."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Role(StrEnum):
    """What a node is in the cluster."""

    COORDINATOR = "coordinator"
    HYPERVISOR = "hypervisor"


class DaemonState(StrEnum):
    """How a node's daemon is. The first four it says of itself, the others its peers say."""

    INIT = "init"
    RUN = "run"
    SHUTDOWN = "shutdown"
    STOP = "stop"
    DEAD = "dead"
    FENCED = "fenced"


class CoordinatorState(StrEnum):
    """Whether a node has the primary duties."""

    PRIMARY = "primary"
    SECONDARY = "secondary"
    CLIENT = "client"
    TAKEOVER = "takeover"
    RELINQUISH = "relinquish"


class DomainState(StrEnum):
    """Whether a node takes VMs."""

    READY = "ready"
    FLUSH = "flush"
    FLUSHED = "flushed"
    UNFLUSH = "unflush"
    FENCE_FLUSH = "fence-flush"


class WantedDomainState(StrEnum):
    """Whether a node shall take VMs."""

    READY = "ready"
    FLUSHED = "flushed"


@dataclass(frozen=True, slots=True, kw_only=True)
class FlushProgress:
    """How a node is emptied of VMs, or gets its own back."""

    serial: int
    """Version of the order that it carries out (`node.wanted_domain_state`)."""
    total: int = 0
    done: int = 0
    moving: tuple[str, ...] = ()
    """Names of the VMs that are on their way."""
    stuck: Mapping[str, str] = field(default_factory=dict)
    """VMs that cannot be moved, and why."""

    @property
    def is_stuck(self) -> bool:
        """Whether nothing moves and what is left cannot be moved."""
        return bool(self.stuck) and not self.moving and self.done + len(self.stuck) >= self.total


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryFacts:
    """Memory of a node, in MiB."""

    total_mb: int = 0
    used_mb: int = 0
    free_mb: int = 0
    """What could be given out: free and reclaimable."""
    allocated_mb: int = 0
    """Of running VMs."""
    provisioned_mb: int = 0
    """Of all VMs that are to be on the node."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InterfaceFacts:
    """One network interface of a node; rates per second over the last interval."""

    rx_bps: int = 0
    rx_pps: int = 0
    tx_bps: int = 0
    tx_pps: int = 0
    link_speed_bps: int = 0
    """0 when the interface has none (a bridge) or does not say."""
    state: str = ""
    """up or down, as the kernel says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerFacts:
    """How one worker of a node is, and how old what it said last is."""

    state: str
    age_seconds: float | None = None
    """None when it never said anything."""
    restarts: int = 0
    note: str = ""
    """What holds it up, or why it is parked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeFacts:
    """What a node sees of itself, written with each beat."""

    at: str = ""
    """When the machine was looked at: the node's own time, UTC, for people only."""
    cpu_count: int = 0
    load: float = 0.0
    kernel: str = ""
    os: str = ""
    arch: str = ""
    memory: MemoryFacts = field(default_factory=MemoryFacts)
    vcpus_allocated: int = 0
    vms_running: int = 0
    vm_facts_age_seconds: float | None = None
    """How old the sums of its VMs are; None when nobody has told them."""
    interfaces: Mapping[str, InterfaceFacts] = field(default_factory=dict)
    workers: Mapping[str, WorkerFacts] = field(default_factory=dict)
    dead_after_seconds: float = 0.0
    """For how long it may be silent by its configuration; 0 when it never said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Presence:
    """The node's keepalive has a session with the store."""

    run: str
    """Names this life of the node's tree of processes."""
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """The last verdict of a node's peers."""

    state: DaemonState
    """dead or fenced."""
    beat: str
    """The node's beat when it was judged: the verdict is void once the beat is another."""
    record: str
    """Id of the fence record; empty when it came from an earlier layout."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ipmi:
    """How to reach a node's BMC; the password is not part of it."""

    host: str = ""
    user: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A node as the store tells it; what cannot be read is None."""

    name: str
    role: Role | None
    own_state: DaemonState | None
    """What it says of itself."""
    judgement: Judgement | None
    beat: str
    presence: Presence | None
    coordinator_state: CoordinatorState | None
    domain_state: DomainState | None
    wanted_domain_state: WantedDomainState | None
    active_schema: int | None
    latest_schema: int | None
    version: str
    ipmi: Ipmi
    facts: NodeFacts | None
    """None until its keepalive has written some."""

"""A VM: what was ordered of it and what is seen of it."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class WantedState(StrEnum):
    """What was ordered."""

    START = "start"
    RESTART = "restart"
    """Started, after having been down once since the order with this serial."""
    SHUTDOWN = "shutdown"
    """Off, after the guest was asked to end."""
    STOP = "stop"
    """Off at once."""
    DISABLE = "disable"
    """Off on purpose, nothing to be told as a fault."""
    PROVISION = "provision"
    IMPORT = "import"
    RESTORE = "restore"
    MIRROR = "mirror"
    """A read-only copy of another cluster's VM."""
    DELETE = "delete"
    UNKNOWN = "unknown"
    """The order cannot be read, or an earlier layout held a word nobody knows: touch nothing."""


class SeenState(StrEnum):
    """What the node that has it sees."""

    OFF = "off"
    STARTING = "starting"
    RUNNING = "running"
    PAUSED = "paused"
    """The guest is held by libvirt: an I/O error, or the end of a live migration."""
    STOPPING = "stopping"
    FAILED = "failed"
    """It did not start; off, with a reason."""
    UNKNOWN = "unknown"
    """Nobody has looked since the tree was migrated, or the value cannot be read: it may run."""

    @property
    def may_run(self) -> bool:
        """Whether a process of this VM may exist."""
        return self not in (SeenState.OFF, SeenState.FAILED)


class Move(StrEnum):
    """Why a VM is wanted on another node than the one it was on."""

    NONE = ""
    MOVE = "move"
    MIGRATE = "migrate"
    UNMIGRATE = "unmigrate"


class VmState(StrEnum):
    """The one word people see, derived from what is wanted and what is seen."""

    START = "start"
    RESTART = "restart"
    SHUTDOWN = "shutdown"
    STOP = "stop"
    DISABLE = "disable"
    FAIL = "fail"
    MIGRATE = "migrate"
    MIGRATE_LIVE = "migrate-live"
    UNMIGRATE = "unmigrate"
    PROVISION = "provision"
    IMPORT = "import"
    RESTORE = "restore"
    MIRROR = "mirror"
    DELETE = "delete"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The order in force. Each new order raises the serial."""

    state: WantedState
    node: str
    """Where it shall be."""
    home: str = ""
    """Where it belongs while it was migrated away for now; empty otherwise."""
    serial: int = 0
    move: Move = Move.NONE
    home_before: str = ""
    """Its home before this move, to fall back to when the move is given up."""
    is_live_only: bool = False
    """Live migration or none at all."""
    is_forced: bool = False
    """Without asking the guest first."""
    removes_volumes: bool = False
    """With DELETE: its volumes go too."""
    fence: str = ""
    """Id of the fence record that makes certain that the node it was seen on runs nothing: the
    wanted node may take over what is seen. Empty: only from a node that says it is off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What the node that has the VM sees of it. That node alone writes it."""

    state: SeenState
    node: str
    serial: int = 0
    """The last order that was carried out, or given up with a reason."""
    reason: str = ""
    """Why it failed, or what holds it up."""
    vnc: str = ""
    """`address:port` of its display; empty when it has none."""


class TransferPhase(StrEnum):
    """How far the sending side of a move is."""

    SENDING = "sending"
    """A live migration runs, or is about to."""
    SETTLING = "settling"
    """How it ended is not known yet: both nodes are asked until it is."""
    SHUTDOWN = "shutdown"
    """The guest is shut down here, to be started there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """A move under way, by the node that has the VM. Written before the first step is taken, so
    that whoever finds it knows that another node may hold a copy."""

    serial: int
    """The order it carries out."""
    to: str
    phase: TransferPhase
    percent: int = 0
    reason: str = ""
    """What holds it up."""


class ArrivalPhase(StrEnum):
    """How far the receiving side of a move is."""

    RECEIVING = "receiving"
    """A copy is here that has not run yet."""
    RUNNING = "running"
    """The copy runs here, so nowhere else; what is seen is about to be handed over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A copy of a VM on the node that receives it, written by that node while the VM is not yet
    its own. Whoever recovers the VMs of the sending node must leave this VM to the receiver."""

    serial: int
    node: str
    phase: ArrivalPhase


class MigrationMethod(StrEnum):
    """How a running VM is brought to another node."""

    NONE = "none"
    """Live, and if that fails by shutting it down and starting it there."""
    LIVE = "live"
    """Live or not at all."""
    SHUTDOWN = "shutdown"
    """By shutting it down and starting it there."""


class Selector(StrEnum):
    """By what the best node for a VM is chosen."""

    NONE = "none"
    """As the cluster's configuration says."""
    MEM = "mem"
    """The most free memory."""
    MEMPROV = "memprov"
    """The least memory provisioned to VMs, running or not, in relation to what it has."""
    LOAD = "load"
    """The least load per processor."""
    VCPUS = "vcpus"
    """The fewest vCPUs of running VMs per processor."""
    VMS = "vms"
    """The fewest running VMs."""


MAX_DOWNTIME_MS: Final = 300
"""Default of how long a guest may stand still in a live migration."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VmMeta:
    """What people say about a VM besides its definition."""

    autostart: bool = False
    """Started when its node becomes ready, once."""
    migration_method: MigrationMethod = MigrationMethod.NONE
    migration_max_downtime_ms: int = MAX_DOWNTIME_MS
    node_selector: Selector = Selector.NONE
    node_limit: tuple[str, ...] = ()
    """The only nodes it may be on; empty: all."""


class TagKind(StrEnum):
    """Who gave a tag."""

    USER = "user"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tag:
    """A word by which VMs are found."""

    name: str
    kind: TagKind = TagKind.USER
    is_protected: bool = False
    """Not to be removed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Vm:
    """A VM as lists and counts need it."""

    uuid: str
    name: str
    wanted: Wanted
    seen: Seen
    state: VmState

"""A VM: what was ordered of it and what is seen of it."""

from dataclasses import dataclass
from enum import StrEnum


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
    is_live_only: bool = False
    """Live migration or none at all."""
    is_forced: bool = False
    """Without asking the guest first."""
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Vm:
    """A VM as lists and counts need it."""

    uuid: str
    name: str
    wanted: Wanted
    seen: Seen
    state: VmState

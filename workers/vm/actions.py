"""Everything the vm worker can do.

Each action that writes the store names the premise it was decided on; carrying it out reads the
keys afresh and does nothing when they have changed: the next round decides again.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cluster.model.node import DomainState
from cluster.model.task import TaskProgress
from cluster.model.vm import Arrival, Transfer, Wanted
from cluster.model.vm import Seen as SeenRecord
from workers.vm.jobs import Job
from workers.vm.local import VmStatistics


@dataclass(frozen=True, slots=True, kw_only=True)
class Begin:
    """Begin a job on a VM."""

    vm: str
    job: Job


@dataclass(frozen=True, slots=True, kw_only=True)
class Forget:
    """Take notice of how the job on a VM ended, or abandon it."""

    vm: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdraw:
    """Abandon a job whose premise is gone, if the store, asked past every cache, says so too."""

    vm: str
    job: Job


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteSeen:
    """Say what is seen of a VM that is this node's, or hand it to the node it has moved to."""

    vm: str
    was: SeenRecord
    now: SeenRecord
    ends_transfer: bool = False
    """The move is over: the transfer goes in the same transaction."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """Make a VM this node's, as STARTING, and begin its start from the definition of that moment.

    One transaction that demands the order and what was seen as they were when this was decided, and
    the definition that is started: of two nodes that want to start a VM one is refused.
    """

    vm: str
    wanted: Wanted
    was: SeenRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Adopt:
    """Make a VM this node's that was found running here and is nobody else's."""

    vm: str
    wanted: Wanted
    was: SeenRecord
    now: SeenRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class BeginMove:
    """Write the transfer, demanding that the order is still the same, and begin the job, if any."""

    vm: str
    wanted: Wanted
    transfer: Transfer
    job: Job | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteTransfer:
    """Say how far a move is."""

    vm: str
    transfer: Transfer


@dataclass(frozen=True, slots=True, kw_only=True)
class GiveUpMove:
    """Order that a VM stays where it is, since its move failed; the transfer ends with it."""

    vm: str
    wanted: Wanted
    was: SeenRecord
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteArrival:
    """Say that a copy of a VM of another node is here, or (None) is here no more."""

    vm: str
    arrival: Arrival | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DestroyStray:
    """End a copy that runs here although the VM is another node's. Before that the store is asked
    once more, past every cache."""

    vm: str
    owner: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveRecord:
    """Remove a VM from the tree: it is off and was ordered to go."""

    vm: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteDomainState:
    """Say whether this node takes VMs."""

    now: DomainState


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteFlush:
    """Say how the flush or unflush goes."""

    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderMigrate:
    """Order a VM to another node; demands that this node still takes VMs."""

    vm: str
    to: str
    to_wanted_version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderUnmigrate:
    """Order a VM back to its home, this node."""

    vm: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderAutostart:
    """Order a VM to start, and that it does not start by itself the next time."""

    vm: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteTask:
    """Say how far a task is."""

    task: str
    progress: TaskProgress


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteStatistics:
    """Store the statistics of VMs, and (None) clear those of VMs that run here no more."""

    values: Mapping[str, VmStatistics | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Report a fault, or that it lasts."""

    fault: str
    health_delta: int
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TellFacts:
    """Tell keepalive and console what there is to know of the VMs here."""

    values: Mapping[str, Any]


Action = (
    Begin
    | Forget
    | Withdraw
    | WriteSeen
    | Claim
    | Adopt
    | BeginMove
    | WriteTransfer
    | GiveUpMove
    | WriteArrival
    | DestroyStray
    | RemoveRecord
    | WriteDomainState
    | WriteFlush
    | OrderMigrate
    | OrderUnmigrate
    | OrderAutostart
    | WriteTask
    | WriteStatistics
    | Report
    | TellFacts
)

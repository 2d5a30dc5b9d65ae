"""A VM as the hypervisor of this node has it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from runtime.clock import Instant


class LocalState(StrEnum):
    """What the hypervisor says of a VM it has. One that ended it has no more."""

    RUNNING = "running"
    PAUSED = "paused"
    ENDING = "ending"
    """The guest has been told to end and is at it."""
    CRASHED = "crashed"
    """Ended by itself but kept for people to look at, or a process that libvirt has lost."""


class Pause(StrEnum):
    """Why a VM is paused."""

    NONE = ""
    IO_ERROR = "io-error"
    MOVE = "move"
    """Held by a live migration: being received, arrived and not yet let go, or held at the end of
    sending. Which of them only both nodes together can say."""
    USER = "user"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalVm:
    """One VM here; what can be said of it without asking the guest's own process."""

    uuid: str
    name: str
    state: LocalState
    pause: Pause = Pause.NONE
    memory_mb: int = 0
    vcpus: int = 0
    vnc: str = ""
    """`address:port`; empty when it has none."""
    console_log: str = ""
    """The file its serial console is logged to; empty when it is not."""


class EndKind(StrEnum):
    """How a VM that is here no more ended, as the hypervisor noted it."""

    SHUTDOWN = "shutdown"
    """The guest powered itself off, asked to or not."""
    DESTROYED = "destroyed"
    """It was ended from outside, through the hypervisor."""
    CRASHED = "crashed"
    """Its process died, or was killed past the hypervisor."""
    MIGRATED = "migrated"
    FAILED = "failed"
    """It did not come up, or a move to here did not."""
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class VmEnd:
    """How a VM ended here."""

    kind: EndKind
    reason: str
    """For people: what was noted last, with the last words of its process."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """The last complete look at the hypervisor."""

    at: Instant | None = None
    """When it was asked; None: it has never answered since we began."""
    vms: Mapping[str, LocalVm] = field(default_factory=dict)
    """By UUID."""
    ended: Mapping[str, VmEnd] = field(default_factory=dict)
    """How those ended that were here within the last minutes and are no more, by UUID; as far as
    that is known. They are forgotten when they are back."""
    trouble: str = ""
    """Why there is no newer look: it cannot be reached, or it hangs; empty when all is well."""
    trouble_since: Instant | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class VmStatistics:
    """What was measured of one running VM last."""

    at: Instant
    values: Mapping[str, Any]
    """As `vm.stats` holds it: state, maxmem, livemem, cpus, cputime, mem_stats, cpu_stats,
    disk_stats, net_stats (units as of libvirt: KiB, ns, bytes)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistics:
    """The statistics of all running VMs."""

    vms: Mapping[str, VmStatistics] = field(default_factory=dict)
    """By UUID; one whose monitor does not answer keeps its last values with their time."""
    frozen_since: Mapping[str, Instant] = field(default_factory=dict)
    """VMs whose own process does not answer the hypervisor, and since when."""

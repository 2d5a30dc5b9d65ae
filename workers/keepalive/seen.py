"""What keepalive sees in one round."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bus.messages import ChildState, TreeState
from cluster.store.store import Session
from runtime.clock import Instant
from workers.keepalive.machine import Sample
from workers.keepalive.writing import Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Child:
    """A worker as the root describes it."""

    state: ChildState
    restarts: int = 0
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """What the root told last."""

    at: Instant
    state: TreeState
    schema_note: str = ""
    """Why the tree's layout is not the one we know; empty when it is."""
    children: Mapping[str, Child] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class VmSums:
    """What the vm worker told last of the VMs here, in sum."""

    at: Instant
    """When the hypervisor was looked at for it."""
    memory_allocated_mb: int = 0
    memory_provisioned_mb: int = 0
    vcpus_allocated: int = 0
    vms_running: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """Everything a round is decided by."""

    session: Session
    answers: Mapping[str, Answer]
    """By item, for what was sent to the store; absent when nothing is under way or was answered
    since the last round."""
    tree: Tree | None
    facts_at: Mapping[str, Instant]
    """When each worker's facts were seen by it, by worker."""
    sample: Sample | None
    vms: VmSums | None = None
    """None: the vm worker has told nothing yet, or there is none."""
    wall: str
    """UTC, for people, as faults write it."""

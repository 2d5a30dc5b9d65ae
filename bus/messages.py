"""What travels on the bus: one frozen dataclass per kind of message.

Unknown fields are ignored and absent ones take their default, so a tree in the middle of an
upgrade understands itself.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from runtime.clock import Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Beat:
    """A worker has finished one round of its loop."""

    worker: str
    incarnation: int
    """Which start of the worker this is, from its orders."""
    round: int
    note: str = ""
    """What holds it up, for the status line; empty when all is well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hint:
    """Look again; carries no decision."""

    noun: str
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a worker sees on this node; keepalive folds it into the node record with its age."""

    worker: str
    values: Mapping[str, Any] = field(default_factory=dict)


class StopReason(StrEnum):
    """Why the tree, or one worker, is to end."""

    RESTART = "restart"
    """It will be back at once: announce nothing."""
    LEAVING = "leaving"
    """The node's daemon ends for good: announce it, so that it is no death."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """End after this round. Repeated by the root until the worker is gone."""

    worker: str
    reason: StopReason


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One log line of one of this node's daemons."""

    worker: str
    at: str
    """UTC, ISO 8601 with milliseconds."""
    level: str
    text: str


Message = Beat | Hint | Facts | Stop | Line


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """A message as it arrived."""

    address: str
    sender: str
    sequence: int
    """Counts the sender's messages at this address since its start; a gap means that some were
    lost."""
    at: Instant
    """The sender's monotonic time; comparable, since all are on this host."""
    message: Message


class TreeState(StrEnum):
    """How the tree of workers is, as the root tells keepalive in `facts.supervisor`."""

    STARTING = "starting"
    RUNNING = "running"
    LEAVING = "leaving"


class ChildState(StrEnum):
    """How one worker is, in `facts.supervisor`."""

    WAITING = "waiting"
    """Not started yet, or backing off before the next start."""
    STARTING = "starting"
    RUNNING = "running"
    STOPPING = "stopping"
    PARKED = "parked"
    STOPPED = "stopped"


# The `values` of facts.supervisor, sent once a second and at each change:
#   {"tree": TreeState, "schema": str note or "", "workers": {name: {"state": ChildState,
#    "pid": int, "restarts": int, "abandoned": int, "reason": str}}}

# The `values` of facts.vm, sent once a second and at each change:
#   {"memory_allocated_mb": int of running VMs, "memory_provisioned_mb": int of all VMs wanted here,
#    "vcpus_allocated": int of running VMs, "vms_running": int,
#    "hypervisor": {"trouble": str or "", "seconds": for how long (0.0 when all is well)},
#    "statistics_age_seconds": float or None,
#    "frozen": {VM name: seconds its process has not answered},
#    "consoles": {VM UUID: {"name": str, "path": log file of its serial console}} of running VMs, as
#    many as fit into one message}

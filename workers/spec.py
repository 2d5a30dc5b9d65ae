"""What the supervisor must know of a worker to run it; a child is data."""

from dataclasses import dataclass
from enum import StrEnum


class RunsOn(StrEnum):
    """On which nodes a worker is started."""

    EVERY_NODE = "every_node"
    COORDINATORS = "coordinators"
    VM_NODES = "vm_nodes"
    """Nodes that run VMs."""


class WhenExhausted(StrEnum):
    """What follows when a worker died too often."""

    PARK = "park"
    """Raise a fault, retry slowly; the others run on."""
    ESCALATE = "escalate"
    """End the root: systemd and the peers take over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerSpec:
    """Declared facts about one worker."""

    name: str
    """Its title in `ps` is `pvcnoded: <name>`, its package `workers.<name>`."""
    runs_on: RunsOn = RunsOn.EVERY_NODE
    beat_timeout_seconds: float = 5.0
    """Without a beat for this long it is killed and replaced."""
    start_timeout_seconds: float = 10.0
    """How long its first beat may take."""
    stop_timeout_seconds: float = 5.0
    """How long it may take to end when asked."""
    restarts: int = 5
    """So many restarts within `restart_window_seconds` are borne; one more exhausts it."""
    restart_window_seconds: float = 60.0
    when_exhausted: WhenExhausted = WhenExhausted.PARK
    needs_current_schema: bool = True
    """False: its keys are the same in every schema version, so it also runs while the tree waits
    for a migration."""
    nice: int = 0
    """Scheduling priority as of nice(2); negative runs before others."""
    is_realtime: bool = False
    """Asks for a place before all ordinary processes (SCHED_RR) and in locked memory; `nice` holds
    where that is refused."""

    @property
    def title(self) -> str:
        """The title in `ps`."""
        return f"pvcnoded: {self.name}"

    @property
    def module(self) -> str:
        """The module run by `python -m`."""
        return f"workers.{self.name}"

"""What the vm worker asks of the hypervisor of this node.

Invariant: nothing here ever waits. Looking returns what is known; work is begun and polled. So a
hypervisor, a guest or a peer that hangs costs its own job and nothing else.
"""

from collections.abc import Mapping
from typing import Protocol

from workers.vm.jobs import Job, JobState
from workers.vm.local import Sight, Statistics


class Hypervisor(Protocol):
    """libvirt, as this worker uses it."""

    def sight(self) -> Sight:
        """Return the last complete look; a new one is taken at each event and once a second."""

    def statistics(self) -> Statistics:
        """Return what was measured last."""

    def begin(self, vm: str, job: Job) -> None:
        """Begin a job on a VM; raises `Conflict` while another one is on it, not yet forgotten.

        `AbortMove` is never in the way and never among the jobs: what came of it shows in how the
        move ends. Asking for it again while it is at it does nothing.
        """

    def jobs(self) -> Mapping[str, JobState]:
        """Return the jobs by VM: those that run, and those that ended until they are forgotten."""

    def forget(self, vm: str) -> None:
        """Take notice of how a job ended; one that still runs is abandoned, its process killed."""

    def close(self) -> None:
        """End all helper processes; what the hypervisor itself has begun goes on."""

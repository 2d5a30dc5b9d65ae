"""Writes the views of VMs before anybody asks for them.

To read 5,000 definitions takes seconds; so that the first list after a start does not, what follows
from definitions is made in short bursts while there is nothing else to do.
"""

from typing import Final

from api.cluster_reader import ClusterReader
from api.seen_vm import SeenVm
from api.v1.vm_pieces import is_prepared, prepare
from runtime.clock import Clock
from runtime.deadline import Deadline

_BURST_SECONDS: Final = 0.03


class VmPreparing:
    """Remembers what is prepared."""

    def __init__(self, cluster: ClusterReader, clock: Clock) -> None:
        self._cluster = cluster
        self._clock = clock
        self._done: tuple[SeenVm, ...] = ()

    def go_on(self) -> None:
        """Prepare some more, for a moment."""
        vms = self._cluster.seen_vms()
        if vms is self._done:
            return
        deadline = Deadline.after(_BURST_SECONDS, self._clock)
        for seen in vms:
            if not is_prepared(seen):
                if deadline.is_over:
                    return
                prepare(seen)
        self._done = vms

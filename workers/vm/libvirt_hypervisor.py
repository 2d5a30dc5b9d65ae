"""libvirt as the vm worker uses it, by children alone: a watcher, a meter, one per job.

Invariant: nothing here waits, for whatever hangs. No library of libvirt or Ceph is loaded into the
worker. Children die with the worker; what libvirt has begun for them goes on and is found again by
looking.
"""

import os
import sys
from collections.abc import Callable, Mapping

from runtime.clock import Clock
from runtime.companion import Companion
from runtime.errors import Conflict, Unavailable
from runtime.log import get_logger
from workers.vm.gauge import Gauge
from workers.vm.job_lines import Orders, Surroundings, write_orders
from workers.vm.job_process import JobProcess
from workers.vm.jobs import AbortMove, Job, JobState
from workers.vm.local import Sight, Statistics
from workers.vm.lookout import Lookout
from workers.vm.standing_child import StandingChild

log = get_logger(__name__)

_COMMAND = (sys.executable, "-P", "-m", "workers.vm.child")


class LibvirtHypervisor:
    """Implements `workers.vm.hypervisor.Hypervisor`; all of it is for the main thread only."""

    def __init__(self, around: Surroundings, wake: Callable[[], None], clock: Clock) -> None:
        self._around = around
        self._wake = wake
        self._clock = clock
        self._lookout = Lookout(StandingChild("watcher", self._start, wake, clock), clock)
        self._gauge = Gauge(StandingChild("meter", self._start, wake, clock), clock)
        self._jobs: dict[str, JobProcess] = {}
        self._aborts: dict[str, JobProcess] = {}
        self._abandoned: list[JobProcess] = []

    def sight(self) -> Sight:
        """Return the last complete look."""
        return self._lookout.sight()

    def statistics(self) -> Statistics:
        """Return what was measured last."""
        busy = {vm for vm, process in self._jobs.items() if process.state.ending is None}
        return self._gauge.statistics(busy, self._lookout.sight().vms)

    def begin(self, vm: str, job: Job) -> None:
        """Begin a job on a VM; raises `Conflict` while another one is not forgotten."""
        if isinstance(job, AbortMove):
            if vm not in self._aborts:
                self._aborts[vm] = self._begin(job)
            return
        if vm in self._jobs:
            raise Conflict(f"a job on {vm} is not forgotten yet", vm=vm)
        self._jobs[vm] = self._begin(job)

    def jobs(self) -> Mapping[str, JobState]:
        """Return the jobs by VM."""
        for process in self._jobs.values():
            process.look()
        self._mind_aborts()
        self._abandoned = [process for process in self._abandoned if not process.is_collected]
        return {vm: process.state for vm, process in self._jobs.items()}

    def forget(self, vm: str) -> None:
        """Take notice of how a job ended; one that still runs is abandoned."""
        if (process := self._jobs.pop(vm, None)) is not None:
            self._drop(process)

    def close(self) -> None:
        """End all children."""
        self._lookout.close()
        self._gauge.close()
        for process in (*self._jobs.values(), *self._aborts.values()):
            process.abandon()

    def _begin(self, job: Job) -> JobProcess:
        try:
            companion = self._start("job", self._wake, job)
        except Unavailable as error:
            log.warning("job_not_started", job=type(job).__name__, reason=error.message)
            return JobProcess(job, None, self._clock)
        return JobProcess(job, companion, self._clock)

    def _start(self, kind: str, wake: Callable[[], None], job: Job | None = None) -> Companion:
        orders = Orders(parent=os.getpid(), surroundings=self._around, job=job)
        name = kind if job is None else type(job).__name__
        return Companion.start(f"vm {name}", [*_COMMAND, kind], write_orders(orders), wake)

    def _mind_aborts(self) -> None:
        for vm, process in list(self._aborts.items()):
            process.look()
            if process.state.ending is not None:
                log.info("abort_ended", vm=vm, ending=process.state.ending)
                del self._aborts[vm]
                self._drop(process)

    def _drop(self, process: JobProcess) -> None:
        """Let go of a process; it is collected when it is gone."""
        process.abandon()
        self._abandoned.append(process)

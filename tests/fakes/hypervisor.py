"""A node's hypervisor in a fake world.

Several of these share one `World`: VMs really move between them. Jobs take fake time, and hang or
fail as libvirt, QEMU and their processes do; see `World` for faults, `hang_next`, `end_next` and
`kill_job` here for those of the jobs' own processes.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace

from runtime.clock import Instant
from runtime.errors import Conflict
from tests.fakes.vm_hosts import Domain, Host, Libvirt
from tests.fakes.vm_jobs import Desk, Seconds, jobs_patience, script
from tests.fakes.vm_scripts import Running, Script
from tests.fakes.vm_world import World
from workers.vm import jobs
from workers.vm.jobs import Ending, Job, JobState
from workers.vm.local import LocalState, LocalVm, Pause, Sight, Statistics, VmStatistics

SILENCE_SECONDS = 4.0
"""Without an answer for so long there is trouble."""
FROZEN_SECONDS = 5.0
"""After so long at most a guest that does not answer is known."""


class FakeHypervisor:
    """Implements `workers.vm.hypervisor.Hypervisor`."""

    def __init__(self, world: World, node: str, *, wake: Callable[[], None] = lambda: None) -> None:
        self.world = world
        self.host: Host = world.host(node)
        self.seconds = Seconds()
        self.begun: list[tuple[str, Job]] = []
        """Every job that was begun, in order."""
        self._sight = Sight()
        self._silent_since: Instant | None = None
        self._measured: dict[str, VmStatistics] = {}
        self._frozen: dict[str, Instant] = {}
        self._jobs: dict[str, JobState] = {}
        self._running: dict[str, Running] = {}
        self._next: dict[tuple[str, type], tuple[Ending, str] | None] = {}
        self._wake = wake
        world.listeners.append(self._look)
        self._look()

    # The protocol.

    def sight(self) -> Sight:
        self._look()
        now = self.world.clock.now()
        since = self._silent_since
        if since is None or now - since < self._patience():
            return self._sight
        return replace(self._sight, trouble=self._trouble(), trouble_since=since)

    def statistics(self) -> Statistics:
        self._look()
        now = self.world.clock.now()
        return Statistics(
            vms=dict(self._measured),
            frozen_since={
                uuid: since for uuid, since in self._frozen.items() if now - since >= FROZEN_SECONDS
            },
        )

    def begin(self, vm: str, job: Job) -> None:
        if isinstance(job, jobs.AbortMove):
            self.begun.append((vm, job))
            self.world.stage.start(script(self._desk(vm), job))
            return
        if vm in self._jobs:
            raise Conflict(f"a job on {vm} is not forgotten yet", vm=vm)
        self.begun.append((vm, job))
        self._jobs[vm] = JobState(job=job, begun_at=self.world.clock.now())
        self._running[vm] = self.world.stage.start(self._job(vm, job))

    def jobs(self) -> Mapping[str, JobState]:
        return dict(self._jobs)

    def forget(self, vm: str) -> None:
        self._jobs.pop(vm, None)
        if (running := self._running.pop(vm, None)) is not None:
            self.world.stage.stop(running)

    def close(self) -> None:
        """What the hypervisor itself has begun goes on."""
        for vm in list(self._jobs):
            self.forget(vm)
        if self._look in self.world.listeners:
            self.world.listeners.remove(self._look)

    # What tests do to it.

    def add(self, uuid: str, name: str = "", **fields: object) -> Domain:
        """Let a VM run here already; fields as of `Domain`."""
        domain = Domain(uuid=uuid, name=name or uuid, **fields)  # type: ignore[arg-type]
        self.world.put(self.host, domain)
        return domain

    def end_next(self, vm: str, kind: type, ending: Ending, reason: str = "") -> None:
        """Let the next job of a kind on a VM do nothing and end so."""
        self._next[vm, kind] = (ending, reason)

    def hang_next(self, vm: str, kind: type) -> None:
        """Let the next job of a kind on a VM do nothing until its deadline."""
        self._next[vm, kind] = None

    def kill_job(self, vm: str) -> None:
        """Kill the process of a job; what libvirt has begun goes on."""
        self.world.stage.stop(self._running[vm])
        self._end(vm, _ending_of_dead(self._jobs[vm].job), "its process was killed")

    def _job(self, vm: str, job: Job) -> Script:
        if (vm, type(job)) in self._next:
            planned = self._next.pop((vm, type(job)))
            yield jobs_patience(job) if planned is None else self.seconds.quick
            late = (_ending_of_dead(job), "it did not end in time")
            self._end(vm, *(planned or late))
            return
        ended = yield from script(self._desk(vm), job)
        self._end(vm, *ended)

    def _desk(self, vm: str) -> Desk:
        return Desk(
            world=self.world,
            host=self.host,
            uuid=vm,
            seconds=self.seconds,
            percent=lambda percent: self._tell(vm, percent),
        )

    def _tell(self, vm: str, percent: int) -> None:
        if vm in self._jobs:
            self._jobs[vm] = replace(self._jobs[vm], percent=percent)
            self._wake()

    def _end(self, vm: str, ending: Ending, reason: str) -> None:
        if vm in self._jobs:
            percent = 100 if ending in (Ending.DONE, Ending.LEFT) else self._jobs[vm].percent
            self._jobs[vm] = replace(self._jobs[vm], ending=ending, reason=reason, percent=percent)
        self.world.changed()

    # How it looks.

    def _look(self) -> None:
        now = self.world.clock.now()
        if not self.host.answers:
            self._silent_since = self._silent_since or now
            self._wake()
            return
        self._silent_since = None
        self._sight = Sight(
            at=now,
            vms={uuid: _local(domain) for uuid, domain in self.host.domains.items()},
            ended=dict(self.host.ended),
        )
        self._measure(now)
        self._wake()

    def _measure(self, now: Instant) -> None:
        here = self.host.domains
        self._measured = {uuid: known for uuid, known in self._measured.items() if uuid in here}
        self._frozen = {uuid: at for uuid, at in self._frozen.items() if uuid in here}
        for uuid, domain in here.items():
            if domain.is_frozen:
                self._frozen.setdefault(uuid, now)
            elif domain.pause is not Pause.MOVE:
                self._frozen.pop(uuid, None)
                self._measured[uuid] = VmStatistics(at=now, values=_values(domain))

    def _patience(self) -> float:
        return SILENCE_SECONDS if self.host.libvirt is Libvirt.HANGS else 0.0

    def _trouble(self) -> str:
        hangs = self.host.libvirt is Libvirt.HANGS
        return "libvirt does not answer" if hangs else "libvirt cannot be reached"


def _ending_of_dead(job: Job) -> Ending:
    is_move = isinstance(job, jobs.Migrate | jobs.Settle)
    return Ending.UNCERTAIN if is_move else Ending.FAILED


def _local(domain: Domain) -> LocalVm:
    return LocalVm(
        uuid=domain.uuid,
        name=domain.name,
        state=domain.state,
        pause=domain.pause,
        memory_mb=domain.memory_mb,
        vcpus=domain.vcpus,
        vnc=domain.vnc,
        console_log=domain.console_log,
    )


def _values(domain: Domain) -> dict[str, object]:
    return {
        "state": "running" if domain.state is not LocalState.PAUSED else "paused",
        "maxmem": domain.memory_mb * 1024,
        "livemem": domain.memory_mb * 1024,
        "cpus": domain.vcpus,
        "cputime": 0,
        "mem_stats": {},
        "cpu_stats": {},
        "disk_stats": [],
        "net_stats": [],
    }

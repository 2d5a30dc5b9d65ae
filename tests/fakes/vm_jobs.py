"""What the jobs of the vm worker do in a fake world, each as a script.

Invariant: what is said of an ending here is what the real jobs say; tests/contract holds both to
it.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from xml.etree import ElementTree

from tests.fakes.vm_hosts import Domain, Host, Move
from tests.fakes.vm_scripts import Script, Until
from tests.fakes.vm_world import World
from workers.vm import jobs
from workers.vm.jobs import Ending
from workers.vm.local import EndKind, LocalState, Pause

TARGET_SECONDS = 5.0
"""How long a target's libvirt may take to let us in."""

ABORT_SECONDS = 15.0
"""How long a migration that was broken off may take to end."""

Ended = tuple[Ending, str]


@dataclass(slots=True, kw_only=True)
class Seconds:
    """How long things take; tests change it."""

    start: float = 0.5
    shutdown: float = 0.3
    quick: float = 0.1
    destroy_frozen: float = 10.0
    resume: float = 0.02
    removal: float = 1.0


@dataclass(slots=True, kw_only=True)
class Desk:
    """One job under way: where, on what, and how far."""

    world: World
    host: Host
    uuid: str
    seconds: Seconds
    percent: Callable[[int], None] = field(default=lambda _: None)

    @property
    def domain(self) -> Domain | None:
        """Its VM here."""
        return self.host.domains.get(self.uuid)

    @property
    def monitor_answers(self) -> bool:
        """Whether libvirt and the VM's own process can be asked."""
        return self.host.answers and not (self.domain is not None and self.domain.is_frozen)


def script(desk: Desk, job: jobs.Job) -> Script:
    """Do a job; returns how it ended. It waits for as long as libvirt or QEMU hang."""
    match job:
        case jobs.Migrate():
            return (yield from _migrate(desk, job))
        case jobs.Settle():
            return (yield from _settle(desk, job.to_uri, job.seconds))
        case jobs.RemoveVolumes():
            yield desk.seconds.removal
            desk.world.volumes.difference_update(job.volumes)
            return Ending.DONE, ""
        case jobs.FreeLocks():
            yield desk.seconds.quick
            for volume in job.volumes:
                desk.world.locks.pop(volume, None)
            return Ending.DONE, ""
    if not (yield Until(lambda: desk.host.answers or not desk.host.is_silent, jobs_patience(job))):
        return Ending.FAILED, "libvirt does not answer"
    if not desk.host.answers:
        return Ending.FAILED, "libvirt cannot be reached"
    match job:
        case jobs.Start():
            return (yield from _start(desk, job))
        case jobs.Destroy():
            frozen = desk.domain is not None and desk.domain.is_frozen
            yield desk.seconds.destroy_frozen if frozen else desk.seconds.quick
            desk.world.end(desk.host, desk.uuid, EndKind.DESTROYED, keeps_locks=frozen)
            return Ending.DONE, ""
        case jobs.AbortMove():
            if desk.domain is not None and desk.domain.move is not None:
                desk.domain.move.is_aborted = True
                desk.world.changed()
            return Ending.DONE, ""
        case _:
            return (yield from _on_monitor(desk, job))


def jobs_patience(job: jobs.Job) -> float:
    """How long the process of a job lives at most."""
    if isinstance(job, jobs.Migrate | jobs.Settle):
        return job.seconds + 30.0
    return 3600.0 if isinstance(job, jobs.RemoveVolumes) else 40.0


def _start(desk: Desk, job: jobs.Start) -> Script:
    if desk.domain is not None and desk.domain.pause is Pause.MOVE:
        desk.world.end(desk.host, desk.uuid, EndKind.DESTROYED)
    if desk.domain is not None:
        return Ending.DONE, ""
    for volume in job.volumes:
        holder = desk.world.locks.get(volume)
        is_fenced = job.is_fenced and holder in desk.world.blocklist
        if holder is None or holder == desk.host.name or is_fenced:
            desk.world.locks.pop(volume, None)
        else:
            return Ending.REFUSED, f"volume {volume} is locked by {holder}"
    yield desk.seconds.start
    try:
        domain = _domain(job)
    except ElementTree.ParseError as error:
        return Ending.REFUSED, f"XML error: {error}"
    desk.world.put(desk.host, domain)
    return Ending.DONE, ""


def _domain(job: jobs.Start) -> Domain:
    name = ElementTree.fromstring(job.xml).findtext("name") if job.xml else None
    return Domain(uuid=job.uuid, name=name or job.uuid, volumes=job.volumes)


def _on_monitor(desk: Desk, job: jobs.Job) -> Script:
    if desk.domain is None:
        is_ended = isinstance(job, jobs.Shutdown)
        return (Ending.DONE, "") if is_ended else (Ending.REFUSED, "it does not run here")
    if not (yield Until(lambda: desk.monitor_answers, 30.0)):
        return Ending.FAILED, "its process does not answer"
    yield desk.seconds.resume if isinstance(job, jobs.Resume) else desk.seconds.quick
    domain = desk.host.domains.get(desk.uuid)
    if domain is None:
        return Ending.FAILED, "it has ended"
    match job:
        case jobs.Shutdown() if not domain.ignores_shutdown:
            domain.state = LocalState.ENDING
            desk.world.stage.start(_power_off(desk, domain))
            desk.world.changed()
        case jobs.Resume() if domain.state is LocalState.PAUSED:
            desk.world.run(desk.host, domain)
        case jobs.ChangeDevice():
            (domain.devices.add if job.is_attach else domain.devices.discard)(job.xml)
    return Ending.DONE, ""


def _power_off(desk: Desk, domain: Domain) -> Script:
    yield desk.seconds.shutdown
    if desk.domain is domain:
        desk.world.end(desk.host, desk.uuid, EndKind.SHUTDOWN)


def _migrate(desk: Desk, job: jobs.Migrate) -> Script:
    target = desk.world.by_uri(job.to_uri)
    if target is None or not desk.world.reaches(desk.host, target):
        yield TARGET_SECONDS
        return Ending.STAYED, "the target's libvirt does not answer"
    if not (yield Until(lambda: target.answers or not target.is_silent, TARGET_SECONDS)):
        return Ending.STAYED, "the target's libvirt does not answer"
    if not target.answers:
        return Ending.STAYED, "the target's libvirt cannot be reached"
    if not (yield Until(lambda: desk.host.answers, job.seconds)):
        return Ending.UNCERTAIN, "libvirt does not answer"
    if desk.domain is None:
        return (yield from _settle(desk, job.to_uri, job.seconds))
    if desk.domain.state is LocalState.PAUSED:
        return Ending.REFUSED, "it does not run"
    if not (yield Until(lambda: desk.monitor_answers, 30.0)):
        return Ending.STAYED, "its process does not answer"
    move = desk.world.begin_move(desk.host, target, desk.uuid)
    if not (yield from _follow(desk, move, job.seconds)):
        _break_off(desk, move)
    ending, reason = yield from _settle(desk, job.to_uri, 10.0)
    return ending, reason or ("the migration failed" if ending is Ending.STAYED else "")


def _break_off(desk: Desk, move: Move) -> None:
    """Abort a migration, if there is somebody to tell."""
    if desk.host.answers:
        move.is_aborted = True
        desk.world.changed()


def _follow(desk: Desk, move: Move, seconds: float) -> Script:
    until = desk.world.clock.now() + seconds
    while not move.is_over and desk.world.clock.now() < until:
        percent = move.percent
        yield Until(
            lambda then=percent: move.is_over or move.percent != then,  # type: ignore[misc]
            until - desk.world.clock.now(),
        )
        desk.percent(move.percent)
    return move.is_over


def _settle(desk: Desk, to_uri: str, seconds: float) -> Script:
    if not (yield Until(lambda: desk.host.answers, seconds)):
        return Ending.UNCERTAIN, "libvirt does not answer"
    if desk.domain is not None and desk.domain.move is not None:
        move = desk.domain.move
        if not (yield from _follow(desk, move, seconds)):
            _break_off(desk, move)
        if not (yield Until(lambda: move.is_over, ABORT_SECONDS)):
            return Ending.UNCERTAIN, "the migration still runs"
    target = desk.world.by_uri(to_uri)
    can_ask = target is not None and (
        yield Until(
            lambda: target.answers and desk.world.reaches(desk.host, target), TARGET_SECONDS
        )
    )
    yield desk.seconds.resume
    copy = target.domains.get(desk.uuid) if target is not None and can_ask else None
    if target is None or not can_ask:
        return _without_target(desk)
    return _between(desk, target, copy)


def _without_target(desk: Desk) -> Ended:
    runs = desk.domain is not None and desk.domain.state is LocalState.RUNNING
    if runs:
        return Ending.STAYED, "the target does not answer; a copy that never ran may be left there"
    return Ending.UNCERTAIN, "the target does not answer"


def _between(desk: Desk, target: Host, copy: Domain | None) -> Ended:
    if desk.domain is not None:
        if copy is not None:
            desk.world.end(target, desk.uuid, EndKind.DESTROYED)
        if desk.domain.pause is Pause.MOVE:
            desk.world.run(desk.host, desk.domain)
        return Ending.STAYED, ""
    if copy is None:
        return Ending.LOST, "it is on neither node"
    if copy.state is LocalState.PAUSED:
        desk.world.run(target, copy)
    return Ending.LEFT, ""

"""Several nodes with VMs in one process, on fake time: what libvirt, QEMU and Ceph do.

Migrations run in here, not in the job that ordered them: like libvirt's they outlive it. Whenever
a copy begins to run while another one runs the world notes it in `double_runs`.
"""

from collections.abc import Callable

from runtime.clock import Instant
from tests.fakes.clock import FakeClock
from tests.fakes.vm_hosts import Domain, Fate, Host, Libvirt, Move
from tests.fakes.vm_move import LiveMigration
from tests.fakes.vm_scripts import Stage
from workers.vm.local import EndKind, LocalState, Pause, VmEnd


class World:
    """All nodes, and what may befall them."""

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock
        self.stage = Stage(clock)
        self.hosts: dict[str, Host] = {}
        self.cuts: set[frozenset[str]] = set()
        self.volumes: set[str] = set()
        self.locks: dict[str, str] = {}
        """Volume to the node of the process that holds its lock, dead or alive."""
        self.blocklist: set[str] = set()
        self.move_seconds = 2.0
        self.fates: dict[str, Fate] = {}
        """By UUID; for the next migration only."""
        self.double_runs: list[tuple[Instant, str, tuple[str, ...]]] = []
        self.listeners: list[Callable[[], None]] = []

    def host(self, name: str) -> Host:
        """Return a node, made when it is new."""
        uri = f"qemu+tcp://{name}/system"
        return self.hosts.setdefault(name, Host(name=name, uri=uri))

    def by_uri(self, uri: str) -> Host | None:
        """Return the node whose libvirt this is."""
        return next((host for host in self.hosts.values() if host.uri == uri), None)

    def reaches(self, one: Host, other: Host) -> bool:
        """Whether the network connects two nodes that are on."""
        return one.is_on and other.is_on and frozenset((one.name, other.name)) not in self.cuts

    def changed(self) -> None:
        """Let everybody see what has changed."""
        self.stage.changed()
        for listener in list(self.listeners):
            listener()

    def runs_on(self, uuid: str) -> tuple[str, ...]:
        """Return the nodes on which a VM executes instructions."""
        return tuple(
            host.name
            for host in self.hosts.values()
            if (domain := host.domains.get(uuid)) is not None
            and domain.state in (LocalState.RUNNING, LocalState.ENDING)
        )

    # What is done to VMs, by jobs and by tests.

    def put(self, host: Host, domain: Domain) -> None:
        """A VM is on a node from now on."""
        host.domains[domain.uuid] = domain
        host.ended.pop(domain.uuid, None)
        self.volumes.update(domain.volumes)
        if domain.state is LocalState.RUNNING:
            self.lock(host, domain)
        self._note_double_run(domain.uuid)
        self.changed()

    def run(self, host: Host, domain: Domain) -> None:
        """A copy begins to run."""
        domain.state, domain.pause = LocalState.RUNNING, Pause.NONE
        self.lock(host, domain)
        self._note_double_run(domain.uuid)
        self.changed()

    def lock(self, host: Host, domain: Domain) -> None:
        """The process takes the locks of its volumes."""
        self.locks.update(dict.fromkeys(domain.volumes, host.name))

    def end(self, host: Host, uuid: str, kind: EndKind, *, keeps_locks: bool = False) -> None:
        """A VM is on a node no more."""
        domain = host.domains.pop(uuid, None)
        if domain is None:
            return
        host.ended[uuid] = VmEnd(kind=kind, reason=f"shutting down, reason={kind}")
        if not keeps_locks:
            for volume in domain.volumes:
                if self.locks.get(volume) == host.name:
                    del self.locks[volume]
        self.changed()

    # Faults.

    def crash(self, node: str, uuid: str) -> None:
        """QEMU is killed: its locks stay."""
        self.end(self.host(node), uuid, EndKind.CRASHED, keeps_locks=True)

    def power_off_guest(self, node: str, uuid: str) -> None:
        """The guest powers itself off."""
        self.end(self.host(node), uuid, EndKind.SHUTDOWN)

    def pause_by_io_error(self, node: str, uuid: str) -> None:
        """The guest is stopped by QEMU because its disk fails."""
        domain = self.host(node).domains[uuid]
        domain.state, domain.pause = LocalState.PAUSED, Pause.IO_ERROR
        self.changed()

    def freeze_guest(self, node: str, uuid: str, *, is_frozen: bool = True) -> None:
        """QEMU is stopped: its monitor answers nothing."""
        self.host(node).domains[uuid].is_frozen = is_frozen
        self.changed()

    def set_libvirt(self, node: str, libvirt: Libvirt) -> None:
        """A node's libvirt hangs, is down, or answers again; guests go on."""
        self.host(node).libvirt = libvirt
        self.changed()

    def power_off(self, node: str) -> None:
        """A node loses its power: everything on it is gone, locks stay."""
        host = self.host(node)
        host.is_on = False
        host.domains.clear()
        host.ended.clear()
        self.changed()

    def power_on(self, node: str) -> None:
        """A node is on again, its libvirt with it."""
        host = self.host(node)
        host.is_on, host.libvirt = True, Libvirt.ANSWERS
        self.changed()

    def cut(self, one: str, other: str, *, is_cut: bool = True) -> None:
        """The network between two nodes breaks, or is mended."""
        (self.cuts.add if is_cut else self.cuts.discard)(frozenset((one, other)))
        self.changed()

    def begin_move(self, source: Host, target: Host, uuid: str) -> Move:
        """Begin a live migration; the copy it makes is left held."""
        domain = source.domains[uuid]
        # It may be over at once, and then the VM knows of none.
        move = domain.move = Move(uuid=uuid, source=source, target=target)
        fate = self.fates.pop(uuid, Fate.ARRIVES)
        self.stage.start(LiveMigration(self, domain, move).script(fate))
        return move

    def _note_double_run(self, uuid: str) -> None:
        if len(nodes := self.runs_on(uuid)) > 1:
            self.double_runs.append((self.clock.now(), uuid, nodes))

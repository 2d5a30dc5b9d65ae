"""Where the hypervisor's contract is checked, and the fake world as one such place."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from runtime.clock import Instant
from tests.fakes.clock import FakeClock
from tests.fakes.hypervisor import FakeHypervisor
from tests.fakes.vm_hosts import Libvirt
from tests.fakes.vm_world import World
from workers.vm.hypervisor import Hypervisor
from workers.vm.local import LocalState, Pause, Sight

NODES = ("hv1", "hv2")
BOOT_SECONDS = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Guest:
    """A VM that may be started."""

    uuid: str
    name: str
    xml: str
    volumes: tuple[str, ...]


class Bed(Protocol):
    """Two nodes, and what may befall them."""

    def hypervisor(self, node: str) -> Hypervisor:
        """Return a node's."""

    def guest(self, number: int, options: str = "") -> Guest:
        """Return a VM with a disk of its own, running nowhere."""

    def uri(self, node: str) -> str:
        """Return the address of a node's libvirt as others reach it."""

    def now(self, node: str) -> Instant:
        """Return the time on a node's monotonic clock."""

    def wait(self, holds: Callable[[], Any], seconds: float, what: str) -> None:
        """Wait until something is so."""

    def let_pass(self, seconds: float) -> None:
        """Let time pass in which nothing is expected."""

    def slow_down(self, node: str, guest: Guest) -> None:
        """Make live migrations of a VM take 20 s and more."""

    def speed_up(self, node: str, guest: Guest) -> None:
        """Let the live migration of a VM that is under way go on as fast as it can."""

    def hang_libvirt(self, node: str) -> None:
        """Stop a node's libvirt."""

    def go_on(self, node: str) -> None:
        """Let a stopped libvirt go on."""

    def kill_libvirt(self, node: str) -> None:
        """Kill a node's libvirt; it is back after a moment."""

    def freeze(self, node: str, guest: Guest) -> None:
        """Stop a VM's process."""

    def thaw(self, node: str, guest: Guest) -> None:
        """Let a VM's stopped process go on."""

    def kill(self, node: str, guest: Guest) -> None:
        """Kill a VM's process."""

    def await_written(self, node: str, guest: Guest) -> None:
        """Wait until a guest is up and has written, so that its volume is locked."""

    def shut_out(self, node: str, guest: Guest) -> None:
        """Put the process of a node that holds the VM's locks on Ceph's blocklist."""

    def device(self, guest: Guest) -> str:
        """Return a second disk for a VM."""

    def kill_job(self, node: str, guest: Guest) -> None:
        """Kill the process of a VM's job."""

    def pause(self, node: str, guest: Guest) -> None:
        """Pause a VM through libvirt, as people can."""

    def runs_on(self, guest: Guest) -> set[str]:
        """Return the nodes on which it executes instructions, by what the nodes say."""

    def runs_on_here(self, node: str, guest: Guest) -> bool:
        """Whether it executes instructions on a node, by what that node says."""


class FakeBed:
    """The fake world."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.world = World(self.clock)
        self.nodes = {name: FakeHypervisor(self.world, name) for name in NODES}

    def hypervisor(self, node: str) -> Hypervisor:
        return self.nodes[node]

    def guest(self, number: int, options: str = "") -> Guest:
        name = f"vm{number}"
        return Guest(
            uuid=uuid_of(number),
            name=name,
            xml=f"<domain><name>{name}</name></domain>",
            volumes=(f"vms/{name}_disk0",),
        )

    def uri(self, node: str) -> str:
        return self.nodes[node].host.uri

    def now(self, node: str) -> Instant:
        return self.clock.now()

    def wait(self, holds: Callable[[], Any], seconds: float, what: str) -> None:
        until = self.clock.now() + seconds
        while not holds():
            assert self.clock.now() < until, f"{what} did not come within {seconds} s"
            self.clock.sleep(0.05)

    def let_pass(self, seconds: float) -> None:
        self.clock.sleep(seconds)

    def slow_down(self, node: str, guest: Guest) -> None:
        self.world.move_seconds = 25.0

    def speed_up(self, node: str, guest: Guest) -> None:
        self.world.move_seconds = 2.0

    def hang_libvirt(self, node: str) -> None:
        self.world.set_libvirt(node, Libvirt.HANGS)

    def go_on(self, node: str) -> None:
        self.world.set_libvirt(node, Libvirt.ANSWERS)

    def kill_libvirt(self, node: str) -> None:
        self.world.set_libvirt(node, Libvirt.DOWN)
        self.clock.at(self.clock.now() + 1.0, lambda: self.go_on(node))

    def freeze(self, node: str, guest: Guest) -> None:
        self.world.freeze_guest(node, guest.uuid)

    def thaw(self, node: str, guest: Guest) -> None:
        self.world.freeze_guest(node, guest.uuid, is_frozen=False)

    def kill(self, node: str, guest: Guest) -> None:
        self.world.crash(node, guest.uuid)

    def await_written(self, node: str, guest: Guest) -> None:
        self.wait(lambda: self.world.locks.get(guest.volumes[0]) == node, 1.0, "the lock")

    def shut_out(self, node: str, guest: Guest) -> None:
        self.world.blocklist.add(node)

    def device(self, guest: Guest) -> str:
        return "<disk><target dev='vdb'/></disk>"

    def kill_job(self, node: str, guest: Guest) -> None:
        self.nodes[node].kill_job(guest.uuid)

    def runs_on(self, guest: Guest) -> set[str]:
        return set(self.world.runs_on(guest.uuid))

    def runs_on_here(self, node: str, guest: Guest) -> bool:
        return node in self.runs_on(guest)

    def pause(self, node: str, guest: Guest) -> None:
        domain = self.nodes[node].host.domains[guest.uuid]
        domain.state, domain.pause = LocalState.PAUSED, Pause.USER
        self.world.changed()


def is_running(sight: Sight, guest: Guest) -> bool:
    """Whether a look shows a VM running."""
    vm = sight.vms.get(guest.uuid)
    return vm is not None and vm.state is LocalState.RUNNING


def uuid_of(number: int) -> str:
    """Return the UUID of a VM of the suite."""
    return f"00000000-0000-4000-8000-{number:012d}"

"""What a VM's definition for libvirt says, as far as this program cares."""

from dataclasses import dataclass
from enum import StrEnum


class DiskKind(StrEnum):
    """Where a disk is kept."""

    RBD = "rbd"
    FILE = "file"


@dataclass(frozen=True, slots=True, kw_only=True)
class Disk:
    """One disk of a VM."""

    kind: DiskKind
    name: str
    """`pool/volume`, or the path of a file or device."""
    device: str
    """Its name in the guest, `vda`."""
    bus: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Nic:
    """One network interface of a VM."""

    kind: str
    """bridge, direct (macvtap) or hostdev."""
    vni: str
    """Digits; upstream, cluster or storage; `macvtap:<device>` or `hostdev:<vf>`."""
    mac: str
    source: str
    """The bridge or device on the node."""
    model: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Controller:
    """One controller of a VM."""

    kind: str
    model: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """A VM's hardware."""

    name: str
    uuid: str
    memory_mb: int
    vcpus: int
    topology: str = "N/A"
    """`sockets/cores/threads`, N/A when the definition leaves it open."""
    description: str = ""
    type: str = ""
    """The kind of virtualisation: kvm or qemu."""
    arch: str = ""
    machine: str = ""
    emulator: str = ""
    console: str = ""
    """The kind of its first serial console: pty, file …; empty without one."""
    console_log: str = ""
    """The file that its serial console is logged to; empty when it is not."""
    vnc_listen: str | None = None
    vnc_port: str | None = None
    features: tuple[str, ...] = ()
    disks: tuple[Disk, ...] = ()
    nics: tuple[Nic, ...] = ()
    controllers: tuple[Controller, ...] = ()

    @property
    def volumes(self) -> tuple[str, ...]:
        """Its RBD volumes as `pool/volume`."""
        return tuple(disk.name for disk in self.disks if disk.kind is DiskKind.RBD)

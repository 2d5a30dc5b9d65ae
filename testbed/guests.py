"""Guests for tests and demonstrations: their disks, their XML, and how they look from outside.

Nothing here asks libvirt: a test that breaks libvirtd must still be able to tell who runs where.
"""

from collections.abc import Sequence
from xml.sax.saxutils import escape

from testbed import ceph_keys
from testbed.cluster import Cluster
from testbed.errors import BedError
from testbed.qemu import Qemu, qemus_of
from testbed.settings import Settings

POOL, MASTER = "vms", "vms/guest@base"
MEMORY_MB = 96
LOGS = "/var/log/libvirt"
RBD_SECONDS, WATCH_SECONDS = 30.0, 60.0


def domain_xml(
    cluster: Cluster,
    name: str,
    uuid: str,
    *,
    memory_mb: int = MEMORY_MB,
    vcpus: int = 1,
    nics: Sequence[str] = (),
    serial: bool = True,
    disk: str | None = "",
    options: str = "",
) -> str:
    """Return a guest's libvirt XML.

    `nics` are <interface> elements; `disk` is POOL/VOLUME, by default vms/NAME_disk0, None: none;
    `options` are words for the guest, see testbed/templates/guest-init.
    """
    volume = f"{POOL}/{name}_disk0" if disk == "" else disk
    devices = [
        *([_disk(cluster.settings, volume)] if volume else []),
        *nics,
        *([_serial(name)] if serial else []),
    ]
    smbios = "<smbios mode='sysinfo'/>" if options else ""
    return f"""<domain type='qemu'>
  <name>{escape(name)}</name>
  <uuid>{uuid}</uuid>
  <memory unit='MiB'>{memory_mb}</memory>
  <vcpu>{vcpus}</vcpu>
{_sysinfo(options)}  <os><type arch='x86_64' machine='pc'>hvm</type>{smbios}</os>
  <features><acpi/><tcg><tb-cache unit='MiB'>32</tb-cache></tcg></features>
  <cpu mode='custom' match='exact' check='none'><model fallback='forbid'>qemu64</model></cpu>
  <clock offset='utc'/>
  <on_poweroff>destroy</on_poweroff>
  <on_reboot>restart</on_reboot>
  <on_crash>destroy</on_crash>
  <devices>
    <emulator>/usr/bin/qemu-system-x86_64</emulator>
    <controller type='usb' model='none'/>
    {"".join(devices)}
    <memballoon model='virtio'><stats period='1'/></memballoon>
  </devices>
</domain>
"""


def clone_disk(cluster: Cluster, name: str) -> None:
    """Make a guest's disk vms/NAME_disk0, a clone of the bootable master."""
    _rbd(cluster, "clone", MASTER, f"{POOL}/{name}_disk0")


def remove_disk(cluster: Cluster, name: str) -> None:
    """Remove a guest's disk; one that is not there is no fault, one in use is refused.

    A killed QEMU's watch on its disk, which forbids the removal, ends after half a minute.
    """
    places = [node for node, names in running(cluster).items() if name in names]
    if places:
        raise BedError(f"{name} still runs on {', '.join(places)}, so its disk cannot be removed")
    what = f"the disk of {name} to be removed"
    cluster.wait_until(lambda: _is_removed(cluster, f"{name}_disk0"), WATCH_SECONDS, what)


def qemus(cluster: Cluster) -> list[Qemu]:
    """Return every guest's QEMU process on every node."""
    return [qemu for node in cluster.nodes for qemu in qemus_of(node)]


def running(cluster: Cluster) -> dict[str, set[str]]:
    """Return the names of the guests that have a QEMU process, by node."""
    return {node.name: {qemu.name for qemu in qemus_of(node)} for node in cluster.nodes}


def console_log(cluster: Cluster, node: str, name: str) -> str:
    """Return a guest's console log on a node that is on or off; empty when there is none."""
    path = cluster.node(node).settings.directory / "upper" / f"{LOGS}/{name}.log".lstrip("/")
    try:
        return path.read_text(errors="replace")
    except FileNotFoundError:
        return ""


def _disk(bed: Settings, volume: str) -> str:
    hosts = "".join(
        f"<host name='{node.addresses['sto']}' port='6789'/>" for node in bed.all_coordinators()
    )
    return f"""<disk type='network' device='disk'>
      <driver name='qemu' type='raw' cache='writeback' discard='unmap'/>
      <auth username='libvirt'><secret type='ceph' uuid='{ceph_keys.secret_uuid(bed)}'/></auth>
      <source protocol='rbd' name='{escape(volume)}'>{hosts}</source>
      <target dev='vda' bus='virtio'/><boot order='1'/>
    </disk>"""


def _serial(name: str) -> str:
    return f"""<serial type='pty'>
      <log file='{LOGS}/{escape(name)}.log' append='off'/><target port='0'/>
    </serial>
    <console type='pty'><target type='serial' port='0'/></console>"""


def _sysinfo(options: str) -> str:
    if not options:
        return ""
    entry = f"<entry name='serial'>{escape(options)}</entry>"
    return f"  <sysinfo type='smbios'><system>{entry}</system></sysinfo>\n"


def _is_removed(cluster: Cluster, volume: str) -> bool:
    if volume not in _rbd(cluster, "ls", POOL).split():
        return True
    try:
        _rbd(cluster, "rm", "--no-progress", f"{POOL}/{volume}")
    except BedError:
        return False
    return True


def _rbd(cluster: Cluster, *words: str) -> str:
    """Run rbd on a coordinator that can."""
    for node in cluster.coordinators:
        if node.leader is not None and not node.is_frozen:
            return node.run(["rbd", *words], timeout_seconds=RBD_SECONDS).stdout
    raise BedError("no coordinator is on to ask for a disk")

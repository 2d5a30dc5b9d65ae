"""What the live definition of a running VM says; pure.

It comes from this node's own libvirt, which has checked it.
"""

from typing import TypedDict
from xml.etree import ElementTree

_KIB_PER_MB = 1024


class Description(TypedDict):
    """What of a running VM changes only with its definition."""

    memory_mb: int
    vcpus: int
    vnc: str
    console_log: str


def describe(xml: str) -> Description:
    """Return what a live definition says."""
    root = ElementTree.fromstring(xml)
    vcpu = root.find("vcpu")
    most = int(root.findtext("vcpu") or 0)
    return Description(
        memory_mb=_number(root.findtext("currentMemory")) // _KIB_PER_MB,
        vcpus=_number(vcpu.get("current"), most) if vcpu is not None else most,
        vnc=_vnc(root),
        console_log=_console_log(root),
    )


def device_names(xml: str) -> dict[str, str]:
    """Return what tells a VM's devices apart everywhere, by their names in libvirt's statistics:
    of a disk its `pool/volume` or path, of an interface its MAC address."""
    devices = ElementTree.fromstring(xml).find("devices")
    if devices is None:
        return {}
    disks = {
        _attribute(disk, "target", "dev"): _attribute(disk, "source", "name", "file", "dev")
        for disk in devices.iterfind("disk")
    }
    nics = {
        _attribute(nic, "target", "dev"): _attribute(nic, "mac", "address")
        for nic in devices.iterfind("interface")
    }
    return {name: told for name, told in {**disks, **nics}.items() if name and told}


def _attribute(device: ElementTree.Element, path: str, *names: str) -> str:
    element = device.find(path)
    found = [] if element is None else [element.get(name) or "" for name in names]
    return next((value for value in found if value), "")


def _vnc(root: ElementTree.Element) -> str:
    graphics = root.find("./devices/graphics[@type='vnc']")
    if graphics is None or _number(graphics.get("port"), -1) < 0:
        return ""
    return f"{graphics.get('listen') or '127.0.0.1'}:{graphics.get('port')}"


def _console_log(root: ElementTree.Element) -> str:
    log = root.find("./devices/serial/log")
    if log is None:
        log = root.find("./devices/console/log")
    return "" if log is None else log.get("file") or ""


def _number(text: str | None, default: int = 0) -> int:
    try:
        return int(text or default)
    except ValueError:
        return default

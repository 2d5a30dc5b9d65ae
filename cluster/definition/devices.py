"""The devices of a definition; pure.

What is wrong is added to `faults`, in a sentence that names the element; what can be said of the
device all the same is returned.
"""

import re
from collections.abc import Callable, Iterable
from typing import Final

from cluster.definition.document import Element
from cluster.definition.units import as_mac
from cluster.model.definition import Controller, Disk, DiskKind, Nic

_VOLUME: Final = re.compile(r"[^/@\s]+/[^/@\s]+")
_OWN_BRIDGES: Final = {"brupstream": "upstream", "brcluster": "cluster", "brstorage": "storage"}
_NETWORK_BRIDGE: Final = re.compile(r"vmbr([0-9]+)")
_MAY_BE_EMPTY: Final = frozenset({"cdrom", "floppy"})
_PCI_PARTS: Final = ("domain", "bus", "slot", "function")


def disks(root: Element, faults: list[str]) -> tuple[Disk, ...]:
    """Return all disks that can be told."""
    found = [_disk(element, faults) for element in root.findall("devices/disk")]
    _no_twins((disk.device for disk in found), "<disk>: more than one has the target", faults)
    return tuple(found)


def nics(root: Element, faults: list[str]) -> tuple[Nic, ...]:
    """Return all network interfaces that can be told."""
    found = [_nic(element, faults) for element in root.findall("devices/interface")]
    _no_twins((nic.mac for nic in found), "<interface>: more than one has the MAC address", faults)
    return tuple(found)


def controllers(root: Element) -> tuple[Controller, ...]:
    """Return all controllers."""
    return tuple(
        Controller(kind=element.get("type", ""), model=element.get("model"))
        for element in root.findall("devices/controller")
    )


def target_of(disk: Element) -> str:
    """Return the name of a disk in the guest, empty when it has none."""
    return attribute(disk, "target", "dev")


def mac_of(interface: Element) -> str:
    """Return the MAC address of an interface as it is always written, empty when it has none."""
    text = attribute(interface, "mac", "address")
    return as_mac(text) or text.lower()


def attribute(element: Element, child: str, name: str) -> str:
    """Return an attribute of a child, empty when there is none."""
    found = element.find(child)
    return "" if found is None else found.get(name, "")


def _disk(element: Element, faults: list[str]) -> Disk:
    device = target_of(element)
    label = f"<disk> {device}" if device else "<disk>"
    if not device:
        faults.append("<disk>: it has no <target dev='...'>")
    kind = element.get("type", "")
    read = _DISKS.get(kind)
    if read is None:
        faults.append(f"{label}: type {kind!r} is not supported; network (rbd), file and block are")
    name = read(element, label, faults) if read else ""
    return Disk(
        kind=DiskKind.RBD if kind == "network" else DiskKind.FILE,
        name=name,
        device=device,
        bus=attribute(element, "target", "bus"),
    )


def _volume(element: Element, label: str, faults: list[str]) -> str:
    protocol = attribute(element, "source", "protocol")
    name = attribute(element, "source", "name")
    if protocol != "rbd":
        faults.append(f"{label}: protocol {protocol!r} is not supported, only rbd")
    elif not _VOLUME.fullmatch(name):
        faults.append(f"{label}: source name {name!r} is not pool/volume")
    return name


def _file(element: Element, label: str, faults: list[str]) -> str:
    word = "dev" if element.get("type") == "block" else "file"
    path = attribute(element, "source", word)
    if not path and element.get("device") not in _MAY_BE_EMPTY:
        faults.append(f"{label}: it has no <source {word}='...'>")
    return path


_DISKS: Final[dict[str, Callable[[Element, str, list[str]], str]]] = {
    "network": _volume,
    "file": _file,
    "block": _file,
}


def _nic(element: Element, faults: list[str]) -> Nic:
    kind, mac = element.get("type", ""), mac_of(element)
    label = f"<interface> {mac}" if mac else "<interface>"
    if mac and as_mac(mac) is None:
        faults.append(f"{label}: this is no MAC address that an interface can have")
    read = _NICS.get(kind)
    if read is None:
        faults.append(
            f"{label}: type {kind!r} is not supported; bridge, direct and hostdev are, not {kind!r}"
        )
    vni, source = read(element) if read else ("", "")
    if read and not source:
        faults.append(f"{label}: it has no source")
    return Nic(
        kind=kind,
        vni=vni,
        mac=mac,
        source=source,
        model=attribute(element, "model", "type") or None,
    )


def _on_bridge(element: Element) -> tuple[str, str]:
    bridge = attribute(element, "source", "bridge")
    network = _NETWORK_BRIDGE.fullmatch(bridge)
    return (network.group(1) if network else _OWN_BRIDGES.get(bridge, bridge)), bridge


def _on_device(element: Element) -> tuple[str, str]:
    device = attribute(element, "source", "dev")
    return f"macvtap:{device}", device


def _of_host(element: Element) -> tuple[str, str]:
    device = attribute(element, "source", "dev") or _pci(element.find("source/address"))
    return f"hostdev:{device}", device


_NICS: Final[dict[str, Callable[[Element], tuple[str, str]]]] = {
    "bridge": _on_bridge,
    "direct": _on_device,
    "hostdev": _of_host,
}


def _pci(address: Element | None) -> str:
    """A PCI address as the kernel writes it: 0000:03:10.1."""
    if address is None:
        return ""
    parts = [address.get(name, "0").removeprefix("0x") for name in _PCI_PARTS]
    domain, bus, slot, function = parts
    return f"{domain.zfill(4)}:{bus.zfill(2)}:{slot.zfill(2)}.{function}"


def _no_twins(names: Iterable[str], what: str, faults: list[str]) -> None:
    known: set[str] = set()
    for name in names:
        if name and name in known:
            faults.append(f"{what} {name}")
        known.add(name)

"""Devices in and out of a definition; pure.

A disk is known by its name in the guest, a network interface by its MAC address.
"""

from dataclasses import dataclass
from typing import Final
from xml.etree import ElementTree

from cluster.definition.devices import attribute, disks, mac_of, nics, target_of
from cluster.definition.document import Element, parse, parse_domain, render
from runtime.errors import Conflict, Invalid, NotFound

_KINDS: Final = {
    "disk": (target_of, "the target <target dev='...'>"),
    "interface": (mac_of, "the MAC address <mac address='...'>"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Detached:
    """A definition without a device, and the device as it stood there."""

    xml: str
    device: str


def attached(xml: str, device: str) -> str:
    """Return a definition with one more device; raises `Conflict` when it has it already."""
    root, added = parse_domain(xml), _device(device)
    _check(added)
    name = _name(added)
    if _find(root, added.tag, name) is not None:
        raise Conflict(f"the VM has {_said(added.tag, name)} already", device=name)
    if (source := _source(added)) and any(
        _source(other) == source for other in root.findall("devices/disk")
    ):
        raise Conflict(f"the VM has the volume {source} already", volume=source)
    devices = root.find("devices")
    if devices is None:
        devices = ElementTree.SubElement(root, "devices")
    devices.append(added)
    return render(root)


def detached(xml: str, device: str) -> Detached:
    """Return a definition without a device, which need only say enough to find it by; raises
    `NotFound` when the VM does not have it."""
    root, wanted = parse_domain(xml), _device(device)
    name = _name(wanted)
    found, devices = _find(root, wanted.tag, name), root.find("devices")
    if found is None or devices is None:
        raise NotFound(f"the VM has no {_said(wanted.tag, name)}", device=name)
    source = _source(wanted)
    if source and source != _source(found):
        raise Conflict(
            f"the {_said(wanted.tag, name)} is {_source(found)}, not {source}", device=name
        )
    devices.remove(found)
    return Detached(xml=render(root), device=render(found))


def _device(xml: str) -> Element:
    element = parse(xml)
    if element.tag not in _KINDS:
        raise Invalid(f"<{element.tag}> cannot be plugged in or out; disk and interface can")
    return element


def _name(device: Element) -> str:
    read, what = _KINDS[device.tag]
    name = read(device)
    if not name:
        raise Invalid(f"the <{device.tag}> lacks {what} by which it is known")
    return name


def _check(device: Element) -> None:
    """Refuse what a definition is refused for."""
    root = Element("domain")
    ElementTree.SubElement(root, "devices").append(device)
    faults: list[str] = []
    disks(root, faults)
    nics(root, faults)
    if faults:
        raise Invalid(f"the device is refused: {'; '.join(faults)}", faults=tuple(faults))


def _find(root: Element, kind: str, name: str) -> Element | None:
    read, _ = _KINDS[kind]
    return next((one for one in root.findall(f"devices/{kind}") if read(one) == name), None)


def _source(device: Element) -> str:
    return attribute(device, "source", "name") if device.tag == "disk" else ""


def _said(kind: str, name: str) -> str:
    return f"{kind} {name}"

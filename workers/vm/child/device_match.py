"""Whether a VM has a device; pure.

A disk is known by its name in the guest, an interface by its MAC address, a device handed through
by its address on the host: libvirt adds to the rest what it likes.
"""

from typing import Final
from xml.etree import ElementTree

_KEYS: Final = {
    "disk": (("target", "dev"),),
    "interface": (("mac", "address"),),
    "hostdev": (
        ("source/address", "domain"),
        ("source/address", "bus"),
        ("source/address", "slot"),
        ("source/address", "function"),
    ),
}


def has_device(domain_xml: str, device_xml: str) -> bool:
    """Whether the device is in the definition; False when it cannot be told."""
    device = ElementTree.fromstring(device_xml)
    wanted = _identity(device)
    present = ElementTree.fromstring(domain_xml).findall(f"./devices/{device.tag}")
    return bool(wanted) and any(_identity(other) == wanted for other in present)


def _identity(device: ElementTree.Element) -> tuple[str, ...]:
    found = []
    for path, attribute in _KEYS.get(device.tag, ()):
        element = device.find(path)
        value = None if element is None else element.get(attribute)
        if value is None:
            return ()
        found.append(_plain(value))
    return tuple(found)


def _plain(value: str) -> str:
    """Return a number as one, whatever its padding; text in lower case."""
    if value.startswith("0x"):
        try:
            return str(int(value, 16))
        except ValueError:
            return value.lower()
    return value.lower()

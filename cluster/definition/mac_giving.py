"""MAC addresses for the network interfaces of a definition that names none; pure.

Invariant: the same definition gets the same addresses each time. Without one libvirt would invent
another at each start, and leases and rules by address would not find the guest again.
"""

from collections.abc import Collection
from hashlib import sha256
from typing import Final
from xml.etree import ElementTree

from cluster.definition.devices import mac_of
from cluster.definition.document import Element, parse_domain, render

_RANGE: Final = "52:54:00"
"""QEMU's own: no maker of network cards has it."""


def with_macs(xml: str) -> str:
    """Return a definition whose network interfaces all have a MAC address."""
    root = parse_domain(xml)
    uuid = (root.findtext("uuid") or "").strip().lower()
    nics = root.findall("devices/interface")
    taken = {mac_of(nic) for nic in nics}
    for number, nic in enumerate(nics):
        if not mac_of(nic):
            mac = _free_mac(f"{uuid}/{number}", taken)
            taken.add(mac)
            _give(nic, mac)
    return render(root)


def mac_from(three_bytes: bytes) -> str:
    """Return the MAC address in QEMU's range with these last bytes."""
    return ":".join((_RANGE, *(f"{byte:02x}" for byte in three_bytes)))


def _free_mac(seed: str, taken: Collection[str]) -> str:
    digest = sha256(seed.encode()).digest()
    while (mac := mac_from(digest[:3])) in taken:
        digest = sha256(digest).digest()
    return mac


def _give(nic: Element, mac: str) -> None:
    element = nic.find("mac")
    if element is None:
        element = ElementTree.Element("mac")
        nic.insert(0, element)
    element.set("address", mac)

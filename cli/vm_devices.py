"""Devices of a VM as libvirt's XML, and which one is meant; pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from string import ascii_lowercase
from typing import Any, Final
from xml.sax.saxutils import quoteattr

from runtime.errors import Invalid, NotFound

OWN_NETWORKS: Final = ("upstream", "cluster", "storage")
BUSES: Final = ("scsi", "ide", "usb", "virtio")
_PREFIX_OF: Final = {"scsi": "sd", "usb": "sd", "ide": "hd", "virtio": "vd"}

Device = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class PciAddress:
    """Where a virtual function is on its node: hexadecimal texts without 0x."""

    domain: str
    bus: str
    slot: str
    function: str


def bridge_nic(network: str, mac: str, model: str) -> str:
    """Return an interface in a client network, named by its number, or in one of the cluster's."""
    if network.isascii() and network.isdecimal():
        bridge = f"vmbr{int(network)}"
    elif network in OWN_NETWORKS:
        bridge = f"br{network}"
    else:
        raise Invalid(
            f"there is no network '{network}': give the number (VNI) of a client network or one of "
            f"{', '.join(OWN_NETWORKS)}; a virtual function needs --sriov"
        )
    return (
        f"<interface type='bridge'><mac address={quoteattr(mac)}/>"
        f"<source bridge={quoteattr(bridge)}/><model type={quoteattr(model)}/></interface>"
    )


def macvtap_nic(function: str, mac: str, model: str) -> str:
    """Return an interface on a virtual function, which the node passes on."""
    return (
        f"<interface type='direct'><mac address={quoteattr(mac)}/>"
        f"<source dev={quoteattr(function)} mode='passthrough'/>"
        f"<model type={quoteattr(model)}/></interface>"
    )


def hostdev_nic(function: str, mac: str, address: PciAddress) -> str:
    """Return a virtual function that is handed to the guest as it is."""
    where = " ".join(
        f"{name}={quoteattr('0x' + part)}"
        for name, part in (
            ("domain", address.domain),
            ("bus", address.bus),
            ("slot", address.slot),
            ("function", address.function),
        )
    )
    return (
        f"<interface type='hostdev' managed='yes'><mac address={quoteattr(mac)}/>"
        f"<source dev={quoteattr(function)}><address type='pci' {where}/></source></interface>"
    )


def free_target(disks: Sequence[Device], bus: str) -> str:
    """Return the first name of a disk on this bus that the guest does not have yet."""
    taken = {disk.get("dev") for disk in disks}
    for letter in ascii_lowercase:
        if (name := _PREFIX_OF[bus] + letter) not in taken:
            return name
    raise Invalid(f"all names of disks on the bus {bus} are taken; give one with --disk-id")


def file_disk(path: str, target: str, bus: str) -> str:
    """Return a disk that is a file or a device on the node."""
    kind, word = ("block", "dev") if path.startswith("/dev/") else ("file", "file")
    return (
        f"<disk type='{kind}' device='disk'><driver name='qemu' type='raw'/>"
        f"<target dev={quoteattr(target)} bus={quoteattr(bus)}/>"
        f"<source {word}={quoteattr(path)}/></disk>"
    )


def nic_of(nics: Sequence[Device], vm: str, vnis: Sequence[str], mac: str | None) -> Device:
    """Return the one interface in a network (none: in any), with a MAC address if that is given;
    raises `NotFound` or `Invalid`, which name those there are."""
    found = [
        nic
        for nic in nics
        if (not vnis or nic.get("vni") in vnis) and (mac is None or nic.get("mac") == mac.lower())
    ]
    if len(found) == 1:
        return found[0]
    shown = ", ".join(f"{nic.get('vni')} ({nic.get('mac')})" for nic in found or nics)
    if found:
        raise Invalid(
            f"several interfaces of VM '{vm}' match, name one with --mac-address: {shown}"
        )
    raise NotFound(f"VM '{vm}' has no such interface; it has: {shown or 'none'}")


def disk_of(disks: Sequence[Device], vm: str, name: str) -> Device:
    """Return the disk with this volume, file or name in the guest; raises `NotFound`."""
    for disk in disks:
        if name in (disk.get("name"), disk.get("dev")):
            return disk
    shown = ", ".join(f"{disk.get('name')} ({disk.get('dev')})" for disk in disks)
    raise NotFound(f"VM '{vm}' has no disk '{name}'; it has: {shown or 'none'}")

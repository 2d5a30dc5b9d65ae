"""Disks and network interfaces of a VM with what they have transferred; pure."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from api.seen_vm import SeenVm

_NIC_COUNTS: Final = (
    "rd_bytes",
    "rd_packets",
    "rd_errors",
    "rd_drops",
    "wr_bytes",
    "wr_packets",
    "wr_errors",
    "wr_drops",
)
_DISK_COUNTS: Final = ("rd_req", "rd_bytes", "wr_req", "wr_bytes")
_NOTHING: Final[Mapping[str, Any]] = {}


def networks_view(seen: SeenVm) -> list[dict[str, Any]]:
    """Return its network interfaces. Its statistics tell one by its MAC address; those of an
    earlier layout only by their order."""
    counted = _list(seen, "net_stats")
    by_mac = _by("mac", counted)
    found = []
    for number, nic in enumerate(seen.definition.nics):
        stats = by_mac.get(nic.mac) or _at(counted, number, unless=by_mac)
        found.append(
            {
                "type": nic.kind,
                "vni": nic.vni,
                "mac": nic.mac,
                "source": nic.source,
                "model": nic.model,
                **_counts(stats, _NIC_COUNTS),
            }
        )
    return found


def disks_view(seen: SeenVm) -> list[dict[str, Any]]:
    """Return its disks. Its statistics tell one by its name: `pool/volume` or the path."""
    counted = _list(seen, "disk_stats")
    by_name = _by("name", counted)
    found = []
    for number, disk in enumerate(seen.definition.disks):
        stats = by_name.get(disk.name) or _at(counted, number, unless=by_name)
        found.append(
            {
                "type": disk.kind.value,
                "name": disk.name,
                "dev": disk.device,
                "bus": disk.bus,
                **_counts(stats, _DISK_COUNTS),
            }
        )
    return found


def statistics_numbers(statistics: Mapping[str, Any], name: str) -> dict[str, int]:
    """Return one object of the statistics; what is no whole number is left out."""
    plain = statistics.get(name)
    if not isinstance(plain, dict):
        return {}
    return {key: value for key, value in plain.items() if type(value) is int}


def _list(seen: SeenVm, name: str) -> list[Any]:
    found = seen.statistics.get(name)
    return found if isinstance(found, list) else []


def _by(name: str, counted: Iterable[Any]) -> dict[Any, Mapping[str, Any]]:
    known = [one for one in counted if isinstance(one, dict)]
    return {one[name]: one for one in known if isinstance(one.get(name), str)}


def _at(counted: list[Any], number: int, *, unless: Mapping[Any, Any]) -> Mapping[str, Any]:
    if unless or number >= len(counted) or not isinstance(counted[number], dict):
        return _NOTHING
    found: Mapping[str, Any] = counted[number]
    return found


def _counts(stats: Mapping[str, Any], names: Iterable[str]) -> dict[str, int]:
    return {name: value if type(value := stats.get(name)) is int else 0 for name in names}

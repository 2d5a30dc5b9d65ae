"""The statistics of one VM as the store holds them, from a record of libvirt's bulk call; pure."""

from collections.abc import Mapping
from typing import Any, Final

_STATES: Final = ("nostate", "running", "blocked", "paused", "shutdown", "shutoff", "crashed")
_MEMORY: Final = {
    "balloon.current": "actual",
    "balloon.swap_in": "swap_in",
    "balloon.swap_out": "swap_out",
    "balloon.major_fault": "major_fault",
    "balloon.minor_fault": "minor_fault",
    "balloon.unused": "unused",
    "balloon.available": "available",
    "balloon.usable": "usable",
    "balloon.last-update": "last_update",
    "balloon.rss": "rss",
    "balloon.disk_caches": "disk_caches",
    "balloon.hugetlb_pgalloc": "hugetlb_pgalloc",
    "balloon.hugetlb_pgfail": "hugetlb_pgfail",
}
_CPU: Final = {"cpu.time": "cpu_time", "cpu.user": "user_time", "cpu.system": "system_time"}
_DISK: Final = {
    "rd.reqs": "rd_req",
    "rd.bytes": "rd_bytes",
    "wr.reqs": "wr_req",
    "wr.bytes": "wr_bytes",
}
_NET: Final = {
    "rx.bytes": "rd_bytes",
    "rx.pkts": "rd_packets",
    "rx.errs": "rd_errors",
    "rx.drop": "rd_drops",
    "tx.bytes": "wr_bytes",
    "tx.pkts": "wr_packets",
    "tx.errs": "wr_errors",
    "tx.drop": "wr_drops",
}


def is_complete(record: Mapping[str, Any]) -> bool:
    """Whether the VM's own process was asked: without that libvirt leaves fields out.

    Its resident memory is told for every VM, but only by whom the VM's process is not busy with
    somebody else's question.
    """
    return "balloon.rss" in record


def devices_of(record: Mapping[str, Any]) -> set[str]:
    """Return the names of the devices that a record tells of."""
    numbered = (
        f"{group}.{number}.name"
        for group in ("block", "net")
        for number in range(record.get(f"{group}.count", 0))
    )
    return {record[name] for name in numbered if name in record}


def values(record: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """Return what `vm.stats` holds; `names` as of `live_xml.device_names`."""
    state = record.get("state.state", 0)
    return {
        "state": _STATES[state] if 0 <= state < len(_STATES) else _STATES[0],
        "maxmem": record.get("balloon.maximum", 0),
        "livemem": record.get("balloon.current", 0),
        "cpus": record.get("vcpu.current", 0),
        "cputime": record.get("cpu.time", 0),
        "mem_stats": _renamed(record, _MEMORY),
        "cpu_stats": _renamed(record, _CPU),
        "disk_stats": _devices(record, "block", _DISK, "name", names),
        "net_stats": _devices(record, "net", _NET, "mac", names),
    }


def _renamed(record: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    return {ours: record[theirs] for theirs, ours in names.items() if theirs in record}


def _devices(
    record: Mapping[str, Any],
    group: str,
    counters: Mapping[str, str],
    key: str,
    names: Mapping[str, str],
) -> list[dict[str, Any]]:
    """Return one entry per device; `dev` is a disk's name in the guest, an interface's here."""
    found = []
    for number in range(record.get(f"{group}.count", 0)):
        prefix = f"{group}.{number}."
        if f"{prefix}name" in record:
            device = record[f"{prefix}name"]
            counted = {ours: record.get(prefix + theirs, 0) for theirs, ours in counters.items()}
            found.append({key: names.get(device, ""), "dev": device, **counted})
    return found

"""What a running VM has used; pure. Counted since its start, by the node it runs on."""

from collections.abc import Mapping
from typing import Any

from cli.table import Column, pairs, printable, rate_of_bits, size_of_mib, table
from cli.views.section import section
from cli.views.vm import Vm, objects

_NANOSECONDS = 1_000_000_000


def statistics(vm: Vm) -> str:
    """Return them; nothing for a VM that does not run."""
    parts = [pairs(_memory(vm)), pairs(_processors(vm)), _traffic(vm), _requests(vm)]
    return "\n\n".join(part for part in parts if part)


def _memory(vm: Vm) -> list[tuple[str, str]]:
    stats = section(vm, "memory_stats")
    names = (
        ("Memory given", "actual"),
        ("Memory available", "available"),
        ("Memory unused", "unused"),
        ("Memory on the node", "rss"),
    )
    return [(title, _kib(stats[name])) for title, name in names if name in stats]


def _processors(vm: Vm) -> list[tuple[str, str]]:
    stats = section(vm, "vcpu_stats")
    names = (
        ("Processor time", "cpu_time"),
        ("of it user", "user_time"),
        ("of it system", "system_time"),
    )
    return [(title, _seconds(stats[name])) for title, name in names if name in stats]


def _traffic(vm: Vm) -> str:
    columns = (
        Column("NETWORK"),
        *(
            Column(title, is_number=True)
            for title in ("RX BYTES", "RX PKTS", "RX ERR", "TX BYTES", "TX PKTS", "TX ERR")
        ),
    )
    names = ("rd_bytes", "rd_packets", "rd_errors", "wr_bytes", "wr_packets", "wr_errors")
    rows = [_counted(nic, "vni", names) for nic in objects(vm, "networks") if _has_run(nic, names)]
    return table(columns, rows) if rows else ""


def _requests(vm: Vm) -> str:
    columns = (
        Column("DISK"),
        *(
            Column(title, is_number=True)
            for title in ("READS", "READ BYTES", "WRITES", "WRITTEN BYTES")
        ),
    )
    names = ("rd_req", "rd_bytes", "wr_req", "wr_bytes")
    rows = [_counted(disk, "dev", names) for disk in objects(vm, "disks") if _has_run(disk, names)]
    return table(columns, rows) if rows else ""


def _has_run(thing: Mapping[str, Any], names: tuple[str, ...]) -> bool:
    return any(thing.get(name) for name in names)


def _counted(thing: Mapping[str, Any], title: str, names: tuple[str, ...]) -> tuple[str, ...]:
    return (printable(thing.get(title)), *(rate_of_bits(thing.get(name)) for name in names))


def _kib(value: object) -> str:
    return size_of_mib(value / 1024) if isinstance(value, int | float) else "-"


def _seconds(value: object) -> str:
    return f"{value / _NANOSECONDS:.1f} s" if isinstance(value, int | float) else "-"

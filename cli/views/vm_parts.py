"""Parts of a VM as text: vCPUs, memory, networks, disks, tags; pure."""

from collections.abc import Mapping
from typing import Any

from cli.table import Column, pairs, printable, size_of_mib, table
from cli.views.vm import Vm, objects


def networks_table(vm: Vm) -> str:
    """Return its network interfaces, one per line."""
    columns = tuple(Column(t) for t in ("NETWORK", "MAC", "TYPE", "MODEL", "SOURCE"))
    fields = ("vni", "mac", "type", "model", "source")
    return _listed(columns, fields, vm, "networks")


def disks_table(vm: Vm) -> str:
    """Return its disks, one per line."""
    columns = tuple(Column(t) for t in ("DISK", "TYPE", "BUS", "VOLUME"))
    return _listed(columns, ("dev", "type", "bus", "name"), vm, "disks")


def tags_table(vm: Vm) -> str:
    """Return its tags, one per line."""
    columns = tuple(Column(t) for t in ("TAG", "TYPE", "PROTECTED"))
    rows = [
        (
            printable(tag.get("name")),
            printable(tag.get("type")),
            "yes" if tag.get("protected") else "no",
        )
        for tag in objects(vm, "tags")
    ]
    return table(columns, rows) if rows else ""


def tags_text(vm: Vm) -> str:
    """Return its tags in one line."""
    return ", ".join(_tag(tag) for tag in objects(vm, "tags")) or "-"


def vcpu_details(vm: Vm) -> str:
    """Return how many vCPUs it has."""
    return pairs(
        [
            ("Name", printable(vm.get("name"))),
            ("vCPUs", printable(vm.get("vcpu"))),
            ("Sockets/cores/threads", printable(vm.get("vcpu_topology"))),
        ]
    )


def memory_details(vm: Vm) -> str:
    """Return how much memory it has."""
    memory = vm.get("memory")
    return pairs(
        [
            ("Name", printable(vm.get("name"))),
            ("Memory", f"{size_of_mib(memory)} ({printable(memory)} MiB)"),
        ]
    )


def _tag(tag: Mapping[str, Any]) -> str:
    marks = [
        word
        for word, holds in (
            ("system", tag.get("type") == "system"),
            ("protected", tag.get("protected")),
        )
        if holds
    ]
    return printable(tag.get("name")) + (f" ({', '.join(marks)})" if marks else "")


def _listed(columns: tuple[Column, ...], fields: tuple[str, ...], vm: Vm, name: str) -> str:
    rows = [tuple(printable(each.get(field)) for field in fields) for each in objects(vm, name)]
    return table(columns, rows) if rows else ""

"""The cluster as a whole as text; pure."""

from collections.abc import Mapping
from typing import Any

from cli.table import coloured, indented, pairs, printable, size_of_mib
from cli.views.section import section
from cli.views.state import health

Status = Mapping[str, Any]


def status_short(status: Status) -> str:
    """Return how the cluster is, in a few lines."""
    return "\n".join(part for part in (pairs(_head(status)), _messages(status)) if part)


def status_pretty(status: Status) -> str:
    """Return how the cluster is and what it has."""
    parts = (pairs(_head(status)), _messages(status), pairs(_counts(status)), _resources(status))
    return "\n\n".join(part for part in parts if part)


def _head(status: Status) -> list[tuple[str, str]]:
    cluster_health = section(status, "cluster_health")
    is_maintained = str(status.get("maintenance")).lower() == "true"
    return [
        ("Cluster", printable(status.get("cluster_name"))),
        ("Health", health(cluster_health.get("health"))),
        ("Maintenance", coloured("on", "yellow") if is_maintained else "off"),
        ("Primary node", printable(status.get("primary_node"))),
        ("PVC version", printable(status.get("pvc_version"))),
        ("Upstream IP", printable(status.get("upstream_ip"))),
    ]


def _messages(status: Status) -> str:
    messages = section(status, "cluster_health").get("messages") or ()
    lines = [_message(message) for message in messages]
    lines += [
        f"{printable(node)}: {printable(text)}"
        for node, facts in section(status, "node_health").items()
        for text in (facts.get("messages") if isinstance(facts, Mapping) else None) or ()
    ]
    return coloured("Faults:", "bold") + "\n" + indented("\n".join(lines)) if lines else ""


def _message(message: Any) -> str:
    if not isinstance(message, Mapping):
        return printable(message)
    delta = message.get("health_delta")
    weight = f"-{delta}%" if isinstance(delta, int) else "-"
    return f"{printable(message.get('id'))} ({weight}): {printable(message.get('text'))}"


def _counts(status: Status) -> list[tuple[str, str]]:
    by_state = [
        (title, _by_state(status.get(name)))
        for title, name in (("Nodes", "nodes"), ("VMs", "vms"), ("OSDs", "osds"))
    ]
    plain = [
        (name.capitalize(), printable(status.get(name)))
        for name in ("networks", "pools", "volumes", "snapshots")
    ]
    return by_state + plain


def _by_state(counts: Any) -> str:
    if not isinstance(counts, Mapping):
        return printable(counts)
    states = [f"{number} {printable(name)}" for name, number in counts.items() if name != "total"]
    return f"{printable(counts.get('total'))}" + (f" ({'; '.join(states)})" if states else "")


def _resources(status: Status) -> str:
    resources = section(status, "resources")
    memory, cpu, disk = (section(resources, name) for name in ("memory", "cpu", "disk"))
    lines = []
    if memory:
        names = ("total", "used", "free", "allocated", "provisioned")
        shown = ", ".join(f"{size_of_mib(memory.get(name))} {name}" for name in names)
        lines.append(("Memory", f"{_percent(memory)}: {shown}"))
    if cpu:
        load = cpu.get("load")
        shown_load = f"{load:.2f}" if isinstance(load, int | float) else printable(load)
        lines.append(
            (
                "Processors",
                f"{_percent(cpu)}: {printable(cpu.get('total'))} total, load {shown_load}, "
                f"{printable(cpu.get('allocated'))} allocated",
            )
        )
    if disk:
        sizes = {name: disk.get(name) for name in ("total", "used", "free")}
        shown = ", ".join(
            f"{size_of_mib(kib / 1024 if isinstance(kib, int | float) else kib)} {name}"
            for name, kib in sizes.items()
        )
        lines.append(("Storage", f"{_percent(disk)}: {shown}"))
    return pairs(lines)


def _percent(resource: Mapping[str, Any]) -> str:
    value = resource.get("utilization")
    return f"{value:.1f}%" if isinstance(value, int | float) else printable(value)

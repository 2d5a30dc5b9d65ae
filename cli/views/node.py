"""Nodes as text; pure. Whatever field is missing shows as `-`."""

from collections.abc import Mapping, Sequence
from typing import Any

from cli.table import (
    Column,
    age_of_seconds,
    coloured,
    indented,
    pairs,
    printable,
    rate_of_bits,
    size_of_mib,
    table,
)
from cli.timing import STALE_DATA_SECONDS, STALE_FACTS_SECONDS
from cli.views.flush import flush_text
from cli.views.section import section
from cli.views.state import health, state

Node = Mapping[str, Any]

_COLUMNS = (
    Column("NODE"),
    Column("DAEMON"),
    Column("COORD"),
    Column("DOMAIN"),
    Column("HEALTH", is_number=True),
    Column("VMS", is_number=True),
    Column("VCPUS", is_number=True),
    Column("LOAD", is_number=True),
    Column("MEM USED/ALLOC/TOTAL", is_number=True),
)


def nodes_table(nodes: Sequence[Node]) -> str:
    """Return one line per node."""
    return table(_COLUMNS, (_row(node) for node in nodes))


def node_names(nodes: Sequence[Node]) -> str:
    """Return the names, one per line."""
    return "\n".join(printable(node.get("name")) for node in nodes)


def node_details(node: Node, *, is_long: bool, width: int | None = None) -> str:
    """Return what is known of one node."""
    parts = [pairs(_facts(node)), flush_text(node), _workers(node, width)]
    if is_long or node.get("health_details"):
        parts.append(_health_details(node, width))
    if is_long:
        parts.append(_interfaces(node))
        parts.append(_vms(node))
    return "\n\n".join(part for part in parts if part)


def _row(node: Node) -> tuple[str, ...]:
    memory, vcpu = section(node, "memory"), section(node, "vcpu")
    return (
        printable(node.get("name")),
        state(node.get("daemon_state")),
        state(node.get("coordinator_state")),
        state(node.get("domain_state")),
        health(node.get("health")),
        printable(node.get("domains_count")) + (" old" if _is_old(node) else ""),
        f"{printable(vcpu.get('allocated'))}/{printable(vcpu.get('total'))}",
        _load(node),
        "/".join(size_of_mib(memory.get(name)) for name in ("used", "allocated", "total")),
    )


def _facts(node: Node) -> list[tuple[str, str]]:
    memory, vcpu = section(node, "memory"), section(node, "vcpu")
    return [
        ("Name", printable(node.get("name"))),
        ("Daemon state", state(node.get("daemon_state"))),
        ("Coordinator state", state(node.get("coordinator_state"))),
        ("Domain state", state(node.get("domain_state"))),
        ("Health", health(node.get("health"))),
        ("Role", printable(node.get("role"))),
        ("Last beat", _beat(node.get("beat_age"))),
        ("Statistics of", printable(node.get("facts_at"))),
        ("PVC version", _version(node)),
        ("System", " ".join(printable(node.get(name)) for name in ("os", "kernel", "arch"))),
        ("Processors", f"{printable(node.get('cpu_count'))}, load {_load(node)}"),
        (
            "vCPUs",
            f"{printable(vcpu.get('allocated'))} allocated of {printable(vcpu.get('total'))}",
        ),
        ("Memory", _memory(memory)),
        ("VMs", printable(node.get("domains_count"))),
        ("VM statistics", _vm_statistics(node)),
    ]


def _vm_statistics(node: Node) -> str:
    shown = age_of_seconds(node.get("vm_facts_age"))
    if shown == "-":
        return shown
    return coloured(f"{shown} old STALE", "red") if _is_old(node) else f"{shown} old"


def _is_old(node: Node) -> bool:
    """Whether what is said of its VMs is not what they are now."""
    age = node.get("vm_facts_age")
    return isinstance(age, int | float) and age > STALE_FACTS_SECONDS


def _beat(age: object) -> str:
    shown = age_of_seconds(age)
    is_old = isinstance(age, int | float) and age > STALE_DATA_SECONDS
    return "-" if shown == "-" else coloured(f"{shown} ago", "red" if is_old else "")


def _version(node: Node) -> str:
    schema = section(node, "schema")
    known = f", schema {schema['active']}" if schema.get("active") is not None else ""
    return printable(node.get("pvc_version")) + known


def _memory(memory: Mapping[str, Any]) -> str:
    names = ("total", "used", "free", "allocated", "provisioned")
    return ", ".join(f"{size_of_mib(memory.get(name))} {name}" for name in names)


def _workers(node: Node, width: int | None) -> str:
    workers = section(node, "workers")
    if not workers:
        return ""
    columns = (
        Column("WORKER"),
        Column("STATE"),
        Column("FACTS AGE", is_number=True),
        Column("RESTARTS", is_number=True),
        Column("NOTE"),
    )
    return table(columns, (_worker(name, workers[name]) for name in workers), width)


def _worker(name: str, worker: Any) -> tuple[str, ...]:
    facts = worker if isinstance(worker, Mapping) else {"state": worker}
    age = facts.get("age")
    shown = age_of_seconds(age)
    is_old = isinstance(age, int | float) and age > STALE_FACTS_SECONDS
    return (
        printable(name),
        state(facts.get("state")),
        coloured(f"{shown} STALE", "red") if is_old else shown,
        printable(facts.get("restarts")),
        printable(facts.get("note"), missing=""),
    )


def _health_details(node: Node, width: int | None) -> str:
    columns = (
        Column("HEALTH CHECK"),
        Column("DELTA", is_number=True),
        Column("MESSAGE"),
    )
    details = [d for d in node.get("health_details") or () if isinstance(d, Mapping)]
    if not details:
        return ""
    return table(
        columns,
        (
            (
                printable(d.get("name")),
                printable(d.get("health_delta")),
                printable(d.get("message")),
            )
            for d in details
        ),
        width,
    )


def _interfaces(node: Node) -> str:
    interfaces = section(node, "interfaces")
    if not interfaces:
        return ""
    columns = (
        Column("INTERFACE"),
        Column("STATE"),
        Column("SPEED", is_number=True),
        Column("RX BIT/S", is_number=True),
        Column("TX BIT/S", is_number=True),
        Column("RX PKT/S", is_number=True),
        Column("TX PKT/S", is_number=True),
    )
    return table(columns, (_interface(name, section(interfaces, name)) for name in interfaces))


def _interface(name: str, facts: Mapping[str, Any]) -> tuple[str, ...]:
    return (
        printable(name),
        state(facts.get("state")),
        rate_of_bits(facts.get("link_speed") or None),
        rate_of_bits(facts.get("rx_bps")),
        rate_of_bits(facts.get("tx_bps")),
        printable(facts.get("rx_pps")),
        printable(facts.get("tx_pps")),
    )


def _vms(node: Node) -> str:
    names = node.get("running_domains") or ()
    listed = names.split() if isinstance(names, str) else [printable(name) for name in names]
    return "Running VMs:\n" + indented("\n".join(listed)) if listed else ""


def _load(node: Node) -> str:
    load = node.get("load")
    return f"{load:.2f}" if isinstance(load, int | float) else printable(load)

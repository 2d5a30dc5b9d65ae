"""One VM as text; pure."""

from collections.abc import Mapping
from typing import Any

from cli.table import Column, coloured, pairs, printable, size_of_mib, table
from cli.views.section import section
from cli.views.vm import Vm, objects, vm_state
from cli.views.vm_parts import disks_table, networks_table, tags_text
from cli.views.vm_statistics import statistics


def vm_details(vm: Vm, *, is_long: bool, width: int | None = None) -> str:
    """Return what is known of one VM."""
    parts = [pairs(_facts(vm)), pairs(_hardware(vm)), pairs(_rules(vm))]
    if is_long:
        parts.append(pairs(_machine(vm)))
    parts += [networks_table(vm), disks_table(vm)]
    if is_long:
        parts += [_controllers(vm), _snapshots(vm, width), statistics(vm)]
    return "\n\n".join(part for part in parts if part)


def _facts(vm: Vm) -> list[tuple[str, str]]:
    lines = [
        ("Name", printable(vm.get("name"))),
        ("UUID", printable(vm.get("uuid"))),
        ("State", vm_state(vm)),
        ("Node", _node(vm)),
    ]
    if reason := vm.get("failed_reason") or vm.get("reason"):
        lines.append(("Reason", coloured(printable(reason), "red")))
    if broken := vm.get("broken"):
        parts = broken if isinstance(broken, list) else [broken]
        lines.append(("Unreadable", coloured(", ".join(map(printable, parts)), "red")))
    if transfer := section(vm, "transfer"):
        lines.append(("Moves", _transfer(transfer)))
    lines.append(("Description", printable(vm.get("description"))))
    lines.append(("Tags", tags_text(vm)))
    return lines


def _node(vm: Vm) -> str:
    home = vm.get("last_node")
    away = f", home is {printable(home)}" if home else ""
    return printable(vm.get("node")) + away


def _transfer(transfer: Mapping[str, Any]) -> str:
    reason = transfer.get("reason")
    shown = (
        f"to {printable(transfer.get('to'))}: {printable(transfer.get('phase'))}, "
        f"{printable(transfer.get('percent'))}%"
    )
    return f"{shown}, {printable(reason)}" if reason else shown


def _hardware(vm: Vm) -> list[tuple[str, str]]:
    vnc = section(vm, "vnc")
    display = f"{printable(vnc.get('listen'))}:{printable(vnc.get('port'))}"
    return [
        ("Memory", size_of_mib(vm.get("memory"))),
        (
            "vCPUs",
            f"{printable(vm.get('vcpu'))} ({printable(vm.get('vcpu_topology'))} "
            "sockets/cores/threads)",
        ),
        ("Console", printable(vm.get("console"))),
        ("VNC", display if vnc.get("listen") else "-"),
    ]


def _rules(vm: Vm) -> list[tuple[str, str]]:
    limit = vm.get("node_limit")
    nodes = ", ".join(printable(node) for node in limit) if isinstance(limit, list) else limit
    return [
        ("Node limit", printable(nodes, missing="any node")),
        ("Node selector", printable(vm.get("node_selector"), missing="as the cluster's")),
        ("Autostart", "yes" if vm.get("node_autostart") else "no"),
        ("Migration", printable(vm.get("migration_method"), missing="live, else by a shutdown")),
        ("Max downtime", f"{printable(vm.get('migration_max_downtime'))} ms"),
        ("Profile", printable(vm.get("profile"))),
    ]


def _machine(vm: Vm) -> list[tuple[str, str]]:
    features = vm.get("features")
    shown = " ".join(printable(f) for f in features) if isinstance(features, list) else features
    return [
        ("Type", printable(vm.get("type"))),
        ("Architecture", printable(vm.get("arch"))),
        ("Machine", printable(vm.get("machine"))),
        ("Emulator", printable(vm.get("emulator"))),
        ("Features", printable(shown)),
    ]


def _controllers(vm: Vm) -> str:
    rows = [
        (printable(each.get("type")), printable(each.get("model")))
        for each in objects(vm, "controllers")
    ]
    return table((Column("CONTROLLER"), Column("MODEL")), rows) if rows else ""


def _snapshots(vm: Vm, width: int | None) -> str:
    rows = [
        (printable(each.get("name")), ", ".join(map(printable, each.get("rbd_snapshots") or ())))
        for each in objects(vm, "snapshots")
    ]
    return table((Column("SNAPSHOT"), Column("VOLUMES")), rows, width) if rows else ""

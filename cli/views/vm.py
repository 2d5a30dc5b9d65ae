"""VMs as a table; pure. Whatever field is missing shows as `-`."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from cli.table import Column, coloured, printable, size_of_mib, table
from cli.views.section import section

Vm = Mapping[str, Any]

LISTED: Final = (
    "name",
    "state",
    "node",
    "last_node",
    "memory",
    "vcpu",
    "networks",
    "tags",
    "seen",
    "transfer",
)
"""The fields the table shows; an API that knows `fields` leaves out the others."""

_COLUMNS = (
    Column("NAME", least=10),
    Column("STATE"),
    Column("NODE", least=6),
    Column("HOME", least=6),
    Column("MEM", is_number=True),
    Column("VCPUS", is_number=True),
    Column("NETWORKS", least=8),
    Column("TAGS", least=6),
)
_COLOUR_OF: Final = {
    "start": "green",
    "stop": "blue",
    "disable": "blue",
    "fail": "red",
    "mirror": "cyan",
    "provision": "cyan",
    "import": "cyan",
    "restore": "cyan",
}
"""Any other state is one that passes."""
_AS_EXPECTED: Final = ("running", "")


def vms_table(vms: Sequence[Vm], width: int | None = None) -> str:
    """Return one line per VM."""
    return table(_COLUMNS, (_row(vm) for vm in vms), width)


def vm_names(vms: Sequence[Vm]) -> str:
    """Return the names, one per line."""
    return "\n".join(printable(vm.get("name")) for vm in vms)


def vm_state(vm: Vm) -> str:
    """Return the state in its colour, with what it does not say: how far a move is, and that a VM
    which shall run does not."""
    text = printable(vm.get("state"))
    percent = section(vm, "transfer").get("percent")
    if isinstance(percent, int) and percent:
        text += f" {percent}%"
    seen = printable(section(vm, "seen").get("state"), missing="")
    if vm.get("state") == "start" and seen not in _AS_EXPECTED:
        return coloured(f"{text} ({seen})", "yellow")
    known = text == "-" or vm.get("state") in _COLOUR_OF
    return coloured(text, _COLOUR_OF.get(text, "") if known else "yellow")


def tag_names(vm: Vm) -> list[str]:
    """Return the names of its tags."""
    return [printable(t.get("name") if isinstance(t, Mapping) else t) for t in _list(vm, "tags")]


def network_names(vm: Vm) -> list[str]:
    """Return the networks it is in."""
    return [printable(each.get("vni")) for each in objects(vm, "networks")]


def objects(vm: Vm, name: str) -> list[Mapping[str, Any]]:
    """Return the objects in one field of a VM."""
    return [each for each in _list(vm, name) if isinstance(each, Mapping)]


def _row(vm: Vm) -> tuple[str, ...]:
    return (
        printable(vm.get("name")),
        vm_state(vm),
        printable(vm.get("node")),
        printable(vm.get("last_node")),
        size_of_mib(vm.get("memory")),
        printable(vm.get("vcpu")),
        ",".join(network_names(vm)) or "-",
        ", ".join(tag_names(vm)) or "-",
    )


def _list(vm: Vm, name: str) -> list[Any]:
    value = vm.get(name)
    return value if isinstance(value, list) else []

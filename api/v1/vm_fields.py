"""The fields of a VM as version 1 of the wire has them; pure.

Each is a function of the VM, so that a client who asks for few costs little. Fields after `reason`
are additions of ours: clients of the earlier implementation do not read them.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from api.seen_vm import SeenVm
from api.v1.views_vm import (
    arrival_view,
    method,
    seen_view,
    selector,
    statistics_at_view,
    tags_view,
    transfer_view,
    vnc_view,
    wanted_view,
    xml_view,
)
from api.v1.views_vm_devices import disks_view, networks_view, statistics_numbers
from api.v1.views_vm_snapshot import snapshots_view
from cluster.model.vm import VmState

Field = Callable[[SeenVm], Any]

ORDERED: Final[Mapping[str, Field]] = {
    "name": lambda seen: seen.vm.name,
    "uuid": lambda seen: seen.vm.uuid,
    "state": lambda seen: seen.vm.state.value,
    "node": lambda seen: seen.node,
    "last_node": lambda seen: seen.home,
    "migrated": lambda seen: f"from {seen.home}" if seen.home else "no",
    "failed_reason": lambda seen: seen.reason if seen.vm.state is VmState.FAIL else "",
    "node_limit": lambda seen: list(seen.meta.node_limit) or None,
    "node_selector": lambda seen: selector(seen.meta),
    "node_autostart": lambda seen: seen.meta.autostart,
    "migration_method": lambda seen: method(seen.meta),
    "migration_max_downtime": lambda seen: seen.meta.migration_max_downtime_ms,
    "tags": lambda seen: tags_view(seen.tags),
    "profile": lambda seen: seen.profile,
    "vnc": vnc_view,
    "reason": lambda seen: seen.reason,
    "wanted": wanted_view,
    "seen": seen_view,
    "transfer": transfer_view,
    "arrival": arrival_view,
    "broken": lambda seen: seen.broken,
}
"""What follows from the order and what became of it."""

MEASURED: Final[Mapping[str, Field]] = {
    "memory_stats": lambda seen: statistics_numbers(seen.statistics, "mem_stats"),
    "vcpu_stats": lambda seen: statistics_numbers(seen.statistics, "cpu_stats"),
    "networks": networks_view,
    "disks": disks_view,
    "statistics_at": statistics_at_view,
}
"""What follows from the statistics, which change every few seconds."""

DEFINED: Final[Mapping[str, Field]] = {
    "description": lambda seen: seen.definition.description,
    "memory": lambda seen: seen.definition.memory_mb,
    "vcpu": lambda seen: seen.definition.vcpus,
    "vcpu_topology": lambda seen: seen.definition.topology,
    "type": lambda seen: seen.definition.type,
    "arch": lambda seen: seen.definition.arch,
    "machine": lambda seen: seen.definition.machine,
    "console": lambda seen: seen.definition.console,
    "emulator": lambda seen: seen.definition.emulator,
    "features": lambda seen: list(seen.definition.features),
    "controllers": lambda seen: [
        {"type": one.kind, "model": one.model} for one in seen.definition.controllers
    ],
    "xml": xml_view,
}
"""What follows from the definition alone, so it is written once per change of that."""

SNAPSHOTS: Final = "snapshots"
"""The one field that depends on the time."""
_MADE: Final = {**ORDERED, **MEASURED, **DEFINED}
FIELDS: Final = (*_MADE, SNAPSHOTS)


def vm_view(seen: SeenVm, now: datetime, fields: Iterable[str] = FIELDS) -> dict[str, Any]:
    """Return one VM with these fields."""
    return {
        name: snapshots_view(seen, now) if name == SNAPSHOTS else _MADE[name](seen)
        for name in fields
    }

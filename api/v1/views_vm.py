"""Parts of a VM, and its meta and tags, as version 1 of the wire has them; pure."""

from collections.abc import Iterable
from typing import Any

from api.seen_vm import SeenVm
from api.v1.xml_quotes import single_quoted
from cluster.model.vm import MigrationMethod, Selector, Tag, VmMeta


def meta_view(seen: SeenVm) -> dict[str, Any]:
    """Return what people have said about a VM; flags are text here, as clients know it."""
    meta = seen.meta
    return {
        "name": seen.vm.name,
        "node_limit": list(meta.node_limit) or None,
        "node_selector": meta.node_selector.value,
        "node_autostart": str(meta.autostart),
        "migration_method": meta.migration_method.value,
        "migration_max_downtime": meta.migration_max_downtime_ms,
    }


def tags_view(tags: Iterable[Tag]) -> list[dict[str, Any]]:
    """Return tags."""
    return [{"name": t.name, "type": t.kind.value, "protected": t.is_protected} for t in tags]


def selector(meta: VmMeta) -> str | None:
    """Return by what its node is chosen, None when that is left to the cluster."""
    return None if meta.node_selector is Selector.NONE else meta.node_selector.value


def method(meta: VmMeta) -> str | None:
    """Return how it is migrated, None when any way is good."""
    is_any = meta.migration_method is MigrationMethod.NONE
    return None if is_any else meta.migration_method.value


def vnc_view(seen: SeenVm) -> dict[str, str | None]:
    """Return where its display is: as it runs, or as its definition says."""
    if seen.vm.seen.vnc and seen.vm.seen.state.may_run:
        listen, _, port = seen.vm.seen.vnc.rpartition(":")
        return {"listen": listen, "port": port}
    return {"listen": seen.definition.vnc_listen, "port": seen.definition.vnc_port}


def wanted_view(seen: SeenVm) -> dict[str, Any]:
    """Return the order in force."""
    wanted = seen.vm.wanted
    return {
        "state": wanted.state.value,
        "node": wanted.node,
        "move": wanted.move.value,
        "serial": wanted.serial,
        "is_forced": wanted.is_forced,
        "is_live_only": wanted.is_live_only,
    }


def seen_view(seen: SeenVm) -> dict[str, Any]:
    """Return what the node that has it sees."""
    found = seen.vm.seen
    return {
        "state": found.state.value,
        "node": found.node,
        "serial": found.serial,
        "reason": found.reason,
    }


def transfer_view(seen: SeenVm) -> dict[str, Any] | None:
    """Return a move under way as its sender tells, None when there is none."""
    if (transfer := seen.transfer) is None:
        return None
    return {
        "to": transfer.to,
        "phase": transfer.phase.value,
        "percent": transfer.percent,
        "serial": transfer.serial,
        "reason": transfer.reason,
    }


def arrival_view(seen: SeenVm) -> dict[str, Any] | None:
    """Return a move under way as its receiver tells, None when there is none."""
    if (arrival := seen.arrival) is None:
        return None
    return {"node": arrival.node, "phase": arrival.phase.value, "serial": arrival.serial}


def statistics_at_view(seen: SeenVm) -> str:
    """Return when its statistics were taken, empty when nobody said so."""
    at = seen.statistics.get("at")
    return at if isinstance(at, str) else ""


def xml_view(seen: SeenVm) -> str:
    """Return its definition."""
    is_readable = bool(seen.definition.memory_mb)
    return single_quoted(seen.xml) if is_readable else seen.xml.replace('"', "'")

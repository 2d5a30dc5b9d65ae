"""The cluster as a whole, as version 1 of the wire has it; pure."""

from collections import Counter
from collections.abc import Iterable
from typing import Any, Final

from api.health import cluster_health
from api.seen import Overview, SeenNode
from api.v1.views_fault import fault_view, sorted_faults
from api.v1.views_node import domain_state, health_text
from cluster.model.cluster import Maintenance
from cluster.model.fault import Fault, FaultStatus
from cluster.model.node import DaemonState, NodeFacts
from cluster.model.osd import Osd

NO_PRIMARY: Final = "none"
_GONE: Final = (DaemonState.DEAD, DaemonState.FENCED, DaemonState.STOP)


def cluster_view(overview: Overview) -> dict[str, Any]:
    """Return the state of the cluster."""
    cluster = overview.cluster
    return {
        "cluster_name": cluster.name,
        "cluster_health": _health(overview.faults),
        "node_health": {seen.node.name: _node_health(seen, overview) for seen in overview.nodes},
        "maintenance": "true" if cluster.maintenance.is_on else "false",
        "primary_node": cluster.primary_node or NO_PRIMARY,
        "pvc_version": overview.version,
        "upstream_ip": cluster.upstream_ip,
        "nodes": _counted(_node_states(seen) for seen in overview.nodes),
        "vms": _counted(vm.state.value for vm in overview.vms),
        "osds": _counted(",".join(_osd_state(osd)) for osd in overview.osds),
        "networks": cluster.networks,
        "pools": cluster.pools,
        "volumes": cluster.volumes,
        "snapshots": cluster.snapshots,
        "resources": {**_resources(overview.nodes), "disk": _disk(overview.osds)},
        "detail": _detail(overview),
        "maintenance_detail": _maintenance(cluster.maintenance),
    }


def _health(faults: Iterable[Fault]) -> dict[str, Any]:
    new = [fault for fault in faults if fault.status is FaultStatus.NEW]
    messages = [
        {"id": fault.id, "health_delta": fault.health_delta, "text": fault.message}
        for fault in sorted_faults(new, "last_reported")
    ]
    return {"health": cluster_health(new), "messages": messages}


def _node_health(seen: SeenNode, overview: Overview) -> dict[str, Any]:
    messages = [fault.message for fault in overview.faults if fault.id in seen.fault_ids]
    return {"health": health_text(seen), "messages": messages}


def _node_states(seen: SeenNode) -> str:
    return f"{seen.daemon_state.value},{domain_state(seen.node)}"


def _counted(states: Iterable[str]) -> dict[str, int]:
    counts = Counter(states)
    return {"total": counts.total(), **{state: counts[state] for state in sorted(counts)}}


def _resources(nodes: Iterable[SeenNode]) -> dict[str, Any]:
    """Sum up what nodes have that are there to give it."""
    facts = [seen.node.facts or NodeFacts() for seen in nodes if seen.daemon_state not in _GONE]
    total_mb = sum(f.memory.total_mb for f in facts)
    used_mb = sum(f.memory.used_mb for f in facts)
    cpus = sum(f.cpu_count for f in facts)
    load = round(sum(f.load for f in facts), 2)
    return {
        "memory": {
            "total": total_mb,
            "free": sum(f.memory.free_mb for f in facts),
            "used": used_mb,
            "allocated": sum(f.memory.allocated_mb for f in facts),
            "provisioned": sum(f.memory.provisioned_mb for f in facts),
            "utilization": _percent(used_mb, total_mb),
        },
        "cpu": {
            "total": cpus,
            "load": load,
            "allocated": sum(f.vcpus_allocated for f in facts),
            "utilization": _percent(load, cpus),
        },
    }


def _disk(osds: Iterable[Osd]) -> dict[str, Any]:
    there = [osd for osd in osds if osd.is_up and osd.is_in]
    total, used = sum(osd.total_kb for osd in there), sum(osd.used_kb for osd in there)
    return {
        "total": total,
        "used": used,
        "free": sum(osd.free_kb for osd in there),
        "utilization": _percent(used, total),
    }


def _osd_state(osd: Osd) -> tuple[str, str]:
    return "up" if osd.is_up else "down", "in" if osd.is_in else "out"


def _percent(part: float, whole: float) -> float:
    return round(100.0 * part / whole, 2) if whole else 0.0


def _detail(overview: Overview) -> dict[str, Any]:
    return {
        "node": [
            {
                "name": seen.node.name,
                "daemon_state": seen.daemon_state.value,
                "domain_state": domain_state(seen.node),
            }
            for seen in overview.nodes
        ],
        "vm": [{"uuid": vm.uuid, "name": vm.name, "state": vm.state.value} for vm in overview.vms],
        "osd": [_osd(osd) for osd in overview.osds],
        "faults": [fault_view(fault) for fault in overview.faults],
    }


def _osd(osd: Osd) -> dict[str, str]:
    up, is_in = _osd_state(osd)
    return {"id": osd.id, "up": up, "in": is_in}


def _maintenance(maintenance: Maintenance) -> dict[str, Any]:
    return {"reason": maintenance.reason, "until": maintenance.until, "by": maintenance.by}

"""Nodes as version 1 of the wire has them; pure.

Fields after `interfaces` are additions of ours: clients of the earlier implementation do not read
them.
"""

from typing import Any

from api.seen import SeenNode
from cluster.model.log import Log
from cluster.model.node import (
    CoordinatorState,
    DomainState,
    FlushProgress,
    InterfaceFacts,
    Node,
    NodeFacts,
    Role,
    WorkerFacts,
)


def node_view(seen: SeenNode) -> dict[str, Any]:
    """Return one node with all that is known of it."""
    node = seen.node
    facts = node.facts or NodeFacts()
    return {
        "name": node.name,
        "daemon_state": seen.daemon_state.value,
        "coordinator_state": coordinator_state(node),
        "domain_state": domain_state(node),
        "pvc_version": node.version,
        "cpu_count": facts.cpu_count,
        "kernel": facts.kernel,
        "os": facts.os,
        "arch": facts.arch,
        "health": health_text(seen),
        "health_plugins": [],
        "health_details": [],
        "load": facts.load,
        "domains_count": facts.vms_running,
        "running_domains": list(seen.running_vms),
        "vcpu": {"total": facts.cpu_count, "allocated": facts.vcpus_allocated},
        "memory": _memory(facts),
        "interfaces": {name: _interface(facts.interfaces[name]) for name in facts.interfaces},
        **_additions(seen, facts),
    }


def coordinator_state(node: Node) -> str:
    """Return what the node says, or what follows from its role as long as it says nothing."""
    if node.coordinator_state is not None:
        return node.coordinator_state.value
    is_coordinator = node.role is Role.COORDINATOR
    return (CoordinatorState.SECONDARY if is_coordinator else CoordinatorState.CLIENT).value


def domain_state(node: Node) -> str:
    """Return whether the node takes VMs; one that says nothing takes none."""
    return (node.domain_state or DomainState.FLUSHED).value


def health_text(seen: SeenNode) -> int | str:
    """Return the node's health, or the text that stands for unknown."""
    return "N/A" if seen.health is None else seen.health


def log_view(name: str, log: Log, at_most: int | None) -> dict[str, Any]:
    """Return log lines, in `first` the number of the first of them, in `next` that of the line to
    ask for next; `oldest` is the number of the oldest line that is still kept."""
    lines = log.lines[:at_most]
    first = log.lines[0].number if log.lines else log.next_number
    return {
        "name": name,
        "data": "\n".join(line.text for line in lines),
        "first": first,
        "next": lines[-1].number + 1 if lines else first,
        "oldest": log.first_kept,
    }


def flush_view(flush: FlushProgress | None) -> dict[str, Any] | None:
    """Return how a flush, or its being made ready, goes; None when there was none."""
    if flush is None:
        return None
    return {
        "serial": flush.serial,
        "total": flush.total,
        "done": flush.done,
        "moving": list(flush.moving),
        "stuck": dict(flush.stuck),
    }


def _memory(facts: NodeFacts) -> dict[str, int]:
    memory = facts.memory
    return {
        "total": memory.total_mb,
        "allocated": memory.allocated_mb,
        "provisioned": memory.provisioned_mb,
        "used": memory.used_mb,
        "free": memory.free_mb,
    }


def _interface(facts: InterfaceFacts) -> dict[str, Any]:
    return {
        "rx_bps": facts.rx_bps,
        "rx_pps": facts.rx_pps,
        "tx_bps": facts.tx_bps,
        "tx_pps": facts.tx_pps,
        "total_bps": facts.rx_bps + facts.tx_bps,
        "total_pps": facts.rx_pps + facts.tx_pps,
        "link_speed": facts.link_speed_bps,
        "state": facts.state,
    }


def _additions(seen: SeenNode, facts: NodeFacts) -> dict[str, Any]:
    node = seen.node
    return {
        "role": node.role.value if node.role else None,
        "wanted_domain_state": node.wanted_domain_state.value if node.wanted_domain_state else None,
        "flush": flush_view(seen.flush),
        "is_present": node.presence is not None,
        "beat_age": seen.beat_age_seconds,
        "facts_at": facts.at,
        "vm_facts_age": facts.vm_facts_age_seconds,
        "schema": {"active": node.active_schema, "latest": node.latest_schema},
        "workers": {name: _worker(facts.workers[name]) for name in facts.workers},
    }


def _worker(facts: WorkerFacts) -> dict[str, Any]:
    return {
        "state": facts.state,
        "age": facts.age_seconds,
        "restarts": facts.restarts,
        "note": facts.note,
    }

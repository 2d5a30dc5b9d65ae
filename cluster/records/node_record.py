"""Nodes in the tree.

Keepalive writes beat, presence, facts and daemon state; each function that makes data for a key
says so. Reading never raises for what others have written.
"""

from collections.abc import Mapping
from typing import Any

from cluster.model.node import (
    CoordinatorState,
    DaemonState,
    DomainState,
    InterfaceFacts,
    Ipmi,
    Judgement,
    MemoryFacts,
    Node,
    NodeFacts,
    Presence,
    Role,
    WantedDomainState,
    WorkerFacts,
)
from cluster.records.view import TreeView
from cluster.schema import codec
from cluster.schema.layout import Layout
from runtime.config.plain import to_plain


def names(view: TreeView, layout: Layout) -> list[str]:
    """Return the names of all nodes, sorted."""
    return sorted(view.children(layout.path("nodes")) or ())


def read_all(view: TreeView, layout: Layout) -> dict[str, Node]:
    """Return all nodes by name."""
    found = ((name, read(view, layout, name)) for name in names(view, layout))
    return {name: node for name, node in found if node is not None}


def read(view: TreeView, layout: Layout, name: str) -> Node | None:
    """Return one node, None when there is none of this name."""

    def get(key: str) -> bytes | None:
        return view.get(layout.path(key, node=name))

    role = get("node")
    if role is None:
        return None
    return Node(
        name=name,
        role=codec.read_enum(Role, role),
        own_state=codec.read_enum(DaemonState, get("node.daemon_state")),
        judgement=read_judgement(get("node.judgement")),
        beat=codec.read_text(get("node.beat")),
        presence=read_presence(get("node.presence")),
        coordinator_state=codec.read_enum(CoordinatorState, get("node.coordinator_state")),
        domain_state=codec.read_enum(DomainState, get("node.domain_state")),
        wanted_domain_state=codec.read_enum(WantedDomainState, get("node.wanted_domain_state")),
        active_schema=codec.read_integer(get("node.active_schema")),
        latest_schema=codec.read_integer(get("node.latest_schema")),
        version=codec.read_text(get("node.version")),
        ipmi=Ipmi(
            host=codec.read_text(get("node.ipmi.host")), user=codec.read_text(get("node.ipmi.user"))
        ),
        facts=read_facts(get("node.facts")),
    )


def beat_data(run: str, count: int) -> bytes:
    """Return what `node.beat` holds."""
    return codec.to_data(f"{run} {count}")


def presence_data(presence: Presence) -> bytes:
    """Return what `node.presence` holds."""
    return codec.to_json({"run": presence.run, "version": presence.version})


def read_presence(data: bytes | None) -> Presence | None:
    """Read `node.presence`; there when the key is, whatever it holds."""
    if data is None:
        return None
    plain = codec.read_object(data) or {}
    return Presence(
        run=codec.as_text(plain.get("run")), version=codec.as_text(plain.get("version"))
    )


def judgement_data(judgement: Judgement) -> bytes:
    """Return what `node.judgement` holds."""
    return codec.to_json(
        {"state": judgement.state, "beat": judgement.beat, "record": judgement.record}
    )


def read_judgement(data: bytes | None) -> Judgement | None:
    """Read `node.judgement`; one that cannot be read is none."""
    plain = codec.read_object(data) or {}
    state = codec.as_enum(DaemonState, plain.get("state"))
    if state not in (DaemonState.DEAD, DaemonState.FENCED) or "beat" not in plain:
        return None
    return Judgement(
        state=state,
        beat=codec.as_text(plain.get("beat")),
        record=codec.as_text(plain.get("record")),
    )


def facts_data(facts: NodeFacts) -> bytes:
    """Return what `node.facts` holds."""
    return codec.to_json(to_plain(facts))


def read_facts(data: bytes | None) -> NodeFacts | None:
    """Read `node.facts`; each part that cannot be read takes its default."""
    plain = codec.read_object(data)
    if plain is None:
        return None
    return NodeFacts(
        at=codec.as_text(plain.get("at")),
        cpu_count=codec.as_integer(plain.get("cpu_count")),
        load=codec.as_number(plain.get("load")),
        kernel=codec.as_text(plain.get("kernel")),
        os=codec.as_text(plain.get("os")),
        arch=codec.as_text(plain.get("arch")),
        memory=_memory(codec.as_object(plain.get("memory"))),
        vcpus_allocated=codec.as_integer(plain.get("vcpus_allocated")),
        vms_running=codec.as_integer(plain.get("vms_running")),
        vm_facts_age_seconds=codec.as_number_or_none(plain.get("vm_facts_age_seconds")),
        interfaces={
            name: _interface(codec.as_object(item))
            for name, item in codec.as_object(plain.get("interfaces")).items()
        },
        workers={
            name: _worker(codec.as_object(item))
            for name, item in codec.as_object(plain.get("workers")).items()
        },
        dead_after_seconds=codec.as_number(plain.get("dead_after_seconds")),
    )


def _memory(plain: Mapping[str, Any]) -> MemoryFacts:
    return MemoryFacts(
        total_mb=codec.as_integer(plain.get("total_mb")),
        used_mb=codec.as_integer(plain.get("used_mb")),
        free_mb=codec.as_integer(plain.get("free_mb")),
        allocated_mb=codec.as_integer(plain.get("allocated_mb")),
        provisioned_mb=codec.as_integer(plain.get("provisioned_mb")),
    )


def _interface(plain: Mapping[str, Any]) -> InterfaceFacts:
    return InterfaceFacts(
        rx_bps=codec.as_integer(plain.get("rx_bps")),
        rx_pps=codec.as_integer(plain.get("rx_pps")),
        tx_bps=codec.as_integer(plain.get("tx_bps")),
        tx_pps=codec.as_integer(plain.get("tx_pps")),
        link_speed_bps=codec.as_integer(plain.get("link_speed_bps")),
        state=codec.as_text(plain.get("state")),
    )


def _worker(plain: Mapping[str, Any]) -> WorkerFacts:
    return WorkerFacts(
        state=codec.as_text(plain.get("state")),
        age_seconds=codec.as_number_or_none(plain.get("age_seconds")),
        restarts=codec.as_integer(plain.get("restarts")),
        note=codec.as_text(plain.get("note")),
    )

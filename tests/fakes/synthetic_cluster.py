"""A tree of the newest schema with as many nodes and VMs as wanted, of realistic sizes."""

from typing import Final

from cluster.model.node import InterfaceFacts, MemoryFacts, NodeFacts, Presence, WorkerFacts
from cluster.model.vm import Seen, SeenState, Wanted, WantedState
from cluster.records import node_record, vm_record
from cluster.schema.layout import Layout, layout
from cluster.schema.versions import NEWEST
from runtime.version import VERSION

_XML_BYTES: Final = 5000
_STATS_BYTES: Final = 1500
_OBJECTLESS: Final = "{"


def synthetic_tree(nodes: int, vms: int) -> dict[str, bytes]:
    """Return every key by path: nodes `hv1…`, VMs `vm0001…` that run on them in turn."""
    keys = layout(NEWEST)
    tree = {key.path: key.default.encode() for key in keys.rows() if _OBJECTLESS not in key.path}
    tree[keys.path("schema.version")] = str(NEWEST).encode()
    tree[keys.path("cluster")] = b"demo"
    tree[keys.path("cluster.primary_node")] = b"hv1" if nodes else b"none"
    tree[keys.path("cluster.upstream_ip")] = b"10.0.0.250/24"
    for number in range(1, nodes + 1):
        tree |= node_keys(keys, f"hv{number}", vms_running=vms // nodes)
    for number in range(vms):
        tree |= _vm_keys(keys, number, f"hv{number % nodes + 1}")
    return tree


def node_keys(
    keys: Layout, name: str, *, vms_running: int = 0, state: bytes = b"run"
) -> dict[str, bytes]:
    """Return the keys of one node."""
    facts = NodeFacts(
        at="2026-01-02T03:04:05Z",
        cpu_count=32,
        load=1.5,
        kernel="6.1.0-18-amd64",
        os="GNU/Linux",
        arch="x86_64",
        memory=MemoryFacts(total_mb=128000, used_mb=64000, free_mb=60000),
        vms_running=vms_running,
        interfaces={
            f"ens{i}": InterfaceFacts(
                rx_bps=1000, tx_bps=2000, rx_pps=3, tx_pps=4, link_speed_bps=10**10, state="up"
            )
            for i in range(6)
        },
        workers={"keepalive": WorkerFacts(state="running", age_seconds=0.2)},
    )
    values = {
        "node": b"coordinator",
        "node.beat": b"run-1 17",
        "node.presence": node_record.presence_data(Presence(run="run-1", version=VERSION)),
        "node.daemon_state": state,
        "node.facts": node_record.facts_data(facts),
        "node.domain_state": b"ready",
        "node.wanted_domain_state": b"ready",
        "node.coordinator_state": b"primary" if name == "hv1" else b"secondary",
        "node.active_schema": str(NEWEST).encode(),
        "node.latest_schema": str(NEWEST).encode(),
        "node.version": VERSION.encode(),
        "node.log": b"",
    }
    return {keys.path(key, node=name): data for key, data in values.items()}


def _vm_keys(keys: Layout, number: int, node: str) -> dict[str, bytes]:
    uuid, name = f"1c2f64a0-0000-4c0e-9c5a-{number:012d}", f"vm{number:04d}"
    values = {
        "vm": name.encode(),
        "vm.xml": _filled("<domain>", number, _XML_BYTES),
        "vm.wanted": vm_record.wanted_data(Wanted(state=WantedState.START, node=node, serial=1)),
        "vm.seen": vm_record.seen_data(Seen(state=SeenState.RUNNING, node=node, serial=1)),
        "vm.meta": b'{"autostart":false,"migration_method":"live","selector":"mem"}',
        "vm.tags": b"[]",
        "vm.profile": b"",
        "vm.volumes": f"vms/{name}_root,vms/{name}_data".encode(),
        "vm.stats": _filled("{", number, _STATS_BYTES),
        "vm.snapshots": b"",
        "vm.console": b"",
    }
    tree = {keys.path(key, vm=uuid): data for key, data in values.items()}
    return tree | {keys.path("vm_name", name=name): uuid.encode()}


def _filled(start: str, number: int, size: int) -> bytes:
    return f"{start}{number} ".ljust(size, "x").encode()

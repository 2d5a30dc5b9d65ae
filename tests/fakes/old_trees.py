"""Trees of every schema version with objects of each kind, made from the key table."""

from itertools import product
from typing import Final

from cluster.schema.key import Key
from cluster.schema.layout import layout

VM_RUNNING: Final = "1c2f64a0-0001-4c0e-9c5a-000000000001"
VM_MIGRATED: Final = "1c2f64a0-0002-4c0e-9c5a-000000000002"
VM_FAILED: Final = "1c2f64a0-0003-4c0e-9c5a-000000000003"

OBJECTS: Final[dict[str, tuple[str, ...]]] = {
    "node": ("hv1", "hv2", "hv3"),
    "vm": (VM_RUNNING, VM_MIGRATED, VM_FAILED),
    "tag": ("web", "backup"),
    "snapshot": ("20240102030405", "ab20240203"),
    "vni": ("100", "2000"),
    "mac": ("52:54:00:00:00:01", "52:54:00:00:00:02"),
    "acl": ("allow-ssh", "drop-all"),
    "osd": ("0", "1"),
    "pool": ("vms", "images"),
    "volume": ("root", "data"),
    "pf": ("ens1f0",),
    "vf": ("ens1f0v0", "ens1f0v1"),
    "plugin": ("load", "disk"),
    "fault": ("NODE_DEAD_hv3", "CEPH_HEALTH"),
}
"""Names of the objects that a path has in braces."""

_SAID: Final[dict[str, str]] = {
    "/config": "demo",
    "/config/maintenance": "true",
    "/config/primary_node": "hv1",
    "/config/upstream_ip": "10.0.0.250/24",
    "/config/migration_target_selector": "mem",
    "/nodes/hv1": "coordinator",
    "/nodes/hv2": "coordinator",
    "/nodes/hv3": "hypervisor",
    "/nodes/hv1/daemonstate": "run",
    "/nodes/hv2/daemonstate": "stop",
    "/nodes/hv3/daemonstate": "dead",
    "/nodes/hv1/domainstate": "ready",
    "/nodes/hv2/domainstate": "flushed",
    "/nodes/hv3/domainstate": "fence-flush",
    "/nodes/hv1/routerstate": "primary",
    "/nodes/hv2/routerstate": "secondary",
    "/nodes/hv3/routerstate": "client",
    "/nodes/hv1/runningdomains": f"{VM_RUNNING} {VM_MIGRATED}",
    "/nodes/hv2/runningdomains": "",
    "/nodes/hv3/runningdomains": "0",
    f"/domains/{VM_RUNNING}": "www",
    f"/domains/{VM_RUNNING}/state": "start",
    f"/domains/{VM_RUNNING}/node": "hv1",
    f"/domains/{VM_RUNNING}/lastnode": "",
    f"/domains/{VM_RUNNING}/failedreason": "",
    f"/domains/{VM_MIGRATED}": "db",
    f"/domains/{VM_MIGRATED}/state": "migrate",
    f"/domains/{VM_MIGRATED}/node": "hv2",
    f"/domains/{VM_MIGRATED}/lastnode": "hv1",
    f"/domains/{VM_MIGRATED}/failedreason": "None",
    f"/domains/{VM_FAILED}": "mail",
    f"/domains/{VM_FAILED}/state": "fail",
    f"/domains/{VM_FAILED}/node": "hv3",
    f"/domains/{VM_FAILED}/lastnode": "None",
    f"/domains/{VM_FAILED}/failedreason": "volume is locked by hv3",
}

_SAID_BY_NAME: Final[dict[str, str]] = {
    "node.data.static": "8 6.1.0-18-amd64 GNU/Linux x86_64",
    "node.cpu.load": "0.75",
    "node.memory.total": "64000",
    "node.memory.used": "32000",
    "node.memory.free": "31000",
    "node.memory.allocated": "4096",
    "node.memory.provisioned": "8192",
    "node.count.provisioned_domains": "2",
    "node.vcpu.allocated": "4",
    "node.keepalive": "1700000000",
    "node.monitoring.health": "None",
    "node.network.stats": '{"ens1": {"rx_bps": 5, "link_speed": 1000000000, "state": "up"}}',
    "node.log.messages": "pvcnoded    \x1b[94m>>>\x1b[0m one\npvcnoded    >>> two",
    "domain.console.log": "login:\nPassword:\n",
    "domain.console.vnc": "10.0.0.1:5900",
    "domain.meta.autostart": "True",
    "domain.meta.migrate_method": "live",
    "domain.meta.migrate_max_downtime": "500",
    "domain.meta.node_selector": "None",
    "domain.meta.node_limit": "hv1,hv2",
    "tag.type": "user",
    "domain.tag.type": "system",
    "domain.tag.protected": "True",
    "domain.snapshot.timestamp": "1704164645.5",
    "domain.snapshot.rbd_snapshots": "vms/root@20240102030405,vms/data@20240102030405",
    "faults.first_time": "2024-01-02 03:04:05",
    "faults.last_time": "2024-01-03 03:04:05",
    "faults.ack_time": "",
    "faults.status": "new",
    "faults.delta": "25",
    "faults.message": "Node hv3 is dead",
    "pool.tier": "ssd",
    "osd.is_split": "True",
    "network.mtu": "1500",
    "network": "a network",
}

_SAID_BY_FORM: Final = {
    "text": "text",
    "integer": "7",
    "number": "1.5",
    "flag": "True",
    "json": '{"a":1}',
    "empty": "",
}


def old_tree(version: int) -> dict[str, bytes]:
    """Return a tree of a version: every key it has, on objects of each kind."""
    tree: dict[str, bytes] = {}
    for key in layout(version).rows():
        if key.is_ephemeral:
            continue
        for path in _paths(key):
            tree[path] = _said(key, path).encode()
    tree["/schema/version"] = str(version).encode()
    return tree


def _paths(key: Key) -> list[str]:
    names = [part[1:-1] for part in key.path.split("/") if part.startswith("{")]
    choices = product(*(OBJECTS[name] for name in names))
    return [key.path.format(**dict(zip(names, choice, strict=True))) for choice in choices]


def _said(key: Key, path: str) -> str:
    return _SAID.get(path, _SAID_BY_NAME.get(key.name, _SAID_BY_FORM[key.form]))

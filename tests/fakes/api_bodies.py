"""Bodies as the API answers them, for tests of its clients."""

from typing import Any


def node(name: str = "hv1", **changed: Any) -> dict[str, Any]:
    """Return a node as `GET /node` lists it."""
    return {
        "name": name,
        "daemon_state": "run",
        "coordinator_state": "primary" if name == "hv1" else "secondary",
        "domain_state": "ready",
        "pvc_version": "0.1.0",
        "cpu_count": 32,
        "kernel": "6.1.0-28-amd64",
        "os": "GNU/Linux",
        "arch": "x86_64",
        "health": 100,
        "health_plugins": [],
        "health_details": [],
        "load": 0.525,
        "domains_count": 2,
        "running_domains": ["web1", "db1"],
        "vcpu": {"total": 32, "allocated": 6},
        "memory": {
            "total": 65536,
            "allocated": 8192,
            "provisioned": 12288,
            "used": 10000,
            "free": 55536,
        },
        "interfaces": {
            "ens4": {
                "rx_bps": 1_250_000,
                "rx_pps": 1000,
                "tx_bps": 900,
                "tx_pps": 2,
                "total_bps": 1_250_900,
                "total_pps": 1002,
                "link_speed": 10_000_000_000,
                "state": "up",
            }
        },
        "role": "coordinator",
        "is_present": True,
        "beat_age": 0.4,
        "facts_at": "2026-01-02T03:04:05Z",
        "vm_facts_age": 0.6,
        "schema": {"active": 16, "latest": 16},
        "workers": {
            "keepalive": {"state": "running", "age": 0.2, "restarts": 0, "note": ""},
            "console": {"state": "parked", "age": 75.0, "restarts": 6, "note": "exit code 70"},
            "vm": {"state": "starting", "age": None, "restarts": 0, "note": ""},
        },
        **changed,
    }


def fault(fault_id: str = "NODE_HV1_WORKER_CONSOLE_PARKED", **changed: Any) -> dict[str, Any]:
    """Return a fault as `GET /faults` lists it."""
    return {
        "id": fault_id,
        "first_reported": "2026-01-02 03:04:05",
        "last_reported": "2026-01-02 03:14:05",
        "acknowledged_at": "",
        "status": "new",
        "health_delta": 25,
        "message": "worker console of hv1 is parked",
        **changed,
    }


def status(**changed: Any) -> dict[str, Any]:
    """Return what `GET /status` answers."""
    return {
        "cluster_name": "pvc1",
        "cluster_health": {
            "health": 75,
            "messages": [
                {
                    "id": "NODE_HV1_WORKER_CONSOLE_PARKED",
                    "health_delta": 25,
                    "text": "worker console of hv1 is parked",
                }
            ],
        },
        "node_health": {"hv1": {"health": 100, "messages": []}},
        "maintenance": "false",
        "primary_node": "hv1",
        "pvc_version": "0.1.0",
        "upstream_ip": "10.0.0.250",
        "nodes": {"total": 3, "run,ready": 2, "dead,flushed": 1},
        "vms": {"total": 0},
        "osds": {"total": 0},
        "networks": 0,
        "pools": 0,
        "volumes": 0,
        "snapshots": 0,
        "resources": {
            "memory": {
                "total": 196608,
                "free": 150000,
                "used": 46608,
                "allocated": 8192,
                "provisioned": 8192,
                "utilization": 23.7,
            },
            "cpu": {"total": 96, "load": 1.5, "allocated": 6, "utilization": 1.6},
            "disk": {"total": 0, "used": 0, "free": 0, "utilization": 0.0},
        },
        "detail": {"node": [], "vm": [], "osd": [], "faults": []},
        **changed,
    }


def task_queues() -> dict[str, Any]:
    """Return what `GET /tasks` answers."""
    return {
        "active": {
            "hv1": [
                {"id": "a1b2c3d4", "name": "osd.add", "args": "[]", "kwargs": {"device": "sdb"}}
            ]
        },
        "reserved": {
            "hv2": [{"id": "11223344", "name": "osd.remove", "args": "[]", "kwargs": "{'osd': 1}"}]
        },
        "scheduled": None,
    }

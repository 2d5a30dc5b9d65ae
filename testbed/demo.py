"""What `up` orders at the end, through the API, as a person would after an installation: all nodes
made ready for VMs, and a first VM defined and started.

Ordered once per testbed. Whoever flushes a node or removes the VM finds it so after another `up`,
and a VM that is already there is left as it is.
"""

from pathlib import Path

from testbed import guests
from testbed.ceph_keys import identity
from testbed.cluster import Cluster
from testbed.errors import BedError
from testbed.progress import step

NAME, NODE = "demo", "hv1"
READY_SECONDS = 30.0
BOOT_SECONDS = 60.0
SIGN_OF_LIFE = "GUEST-UP"


def ensure_demo(cluster: Cluster) -> None:
    """Make the nodes ready and start the demo VM, unless that was done before."""
    if not cluster.settings.product or _mark(cluster).exists():
        return
    with step("nodes made ready for VMs"):
        for node in cluster.nodes:
            _order(cluster, f"/node/{node.name}/domain-state", {"state": "ready"})
        cluster.wait_until(lambda: _are_ready(cluster), READY_SECONDS, "all nodes to be ready")
    with step(f"the VM {NAME}"):
        if _state(cluster) is None:
            _define(cluster)
        if _state(cluster) == "stop":
            _order(cluster, f"/vm/{NAME}/state", {"state": "start"})
        cluster.wait_until(lambda: _lives(cluster), BOOT_SECONDS, f"{SIGN_OF_LIFE} of {NAME}")
    _mark(cluster).touch()


def _are_ready(cluster: Cluster) -> bool:
    status, nodes = cluster.api("/node?domain_state=ready")
    return status == 200 and isinstance(nodes, list) and len(nodes) == len(cluster.nodes)


def _state(cluster: Cluster) -> str | None:
    """Return the state the API shows, None when there is no such VM."""
    status, answer = cluster.api(f"/vm/{NAME}")
    if status == 404:
        return None
    if status != 200 or not isinstance(answer, list):
        raise BedError(f"the API does not say how the demo VM is: {status} {answer}")
    return str(answer[0]["state"])


def _define(cluster: Cluster) -> None:
    # An `up` that was killed half-way may have left the disk.
    guests.remove_disk(cluster, NAME)
    guests.clone_disk(cluster, NAME)
    xml = guests.domain_xml(cluster, NAME, identity(cluster.settings, f"vm {NAME}"))
    wishes = {"selector": "mem", "autostart": "true", "migration_method": "live"}
    _order(cluster, "/vm", {"xml": xml, "node": NODE, "migration_max_downtime": "300"} | wishes)


def _order(cluster: Cluster, path: str, fields: dict[str, str]) -> None:
    status, answer = cluster.api(path, method="POST", form=fields)
    if status >= 300:
        raise BedError(f"the API refused POST {path} for the demo VM: {status} {answer}")


def _lives(cluster: Cluster) -> bool:
    places = [node for node, names in guests.running(cluster).items() if NAME in names]
    return any(SIGN_OF_LIFE in guests.console_log(cluster, node, NAME) for node in places)


def _mark(cluster: Cluster) -> Path:
    return cluster.settings.directory / "demo-made"

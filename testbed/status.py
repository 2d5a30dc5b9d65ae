"""What a testbed looks like now, for people and for programs."""

from dataclasses import asdict, dataclass

from testbed import ceph_health, network
from testbed.cluster import Cluster
from testbed.errors import BedError
from testbed.node import Node
from testbed.settings import API_PORT, NETWORKS

HYPERVISOR_UNITS = ("libvirtd", "ceph-osd", "pvcnoded")
COORDINATOR_UNITS = (
    *("zookeeper", "nginx", "libvirtd", "ceph-mon", "ceph-mgr", "ceph-osd"),
    *("pvcnoded", "pvcapid"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeStatus:
    """One node now."""

    name: str
    role: str
    power: str
    leader_pid: int | None
    addresses: dict[str, str]
    bmc: str
    cut: list[str]
    units: dict[str, str]
    zookeeper: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiStatus:
    """How to reach the API."""

    url: str
    token: str
    answers: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CephStatus:
    """The storage cluster: what its monitors call it, and what it lacks of being whole."""

    verdict: str
    lacks: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class BedStatus:
    """The whole testbed now."""

    name: str
    checkout: str
    nodes: list[NodeStatus]
    api: ApiStatus
    ceph: CephStatus
    healthy: bool

    def as_json(self) -> dict[str, object]:
        """Return plain data for programs."""
        return asdict(self)


def status(cluster: Cluster) -> BedStatus:
    """Look at every node and at the API."""
    nodes = [_node_status(node) for node in cluster.nodes]
    first = next((node for node in cluster.coordinators if node.is_on), cluster.coordinators[0])
    product = cluster.settings.product
    answers = product and cluster.api_answers(first.name)
    ceph = _ceph_status(cluster)
    return BedStatus(
        name=cluster.settings.name,
        checkout=cluster.settings.checkout,
        nodes=nodes,
        api=ApiStatus(
            url=f"http://{first.addresses['upl']}:{API_PORT}/api/v1",
            token=cluster.settings.token,
            answers=answers,
        ),
        ceph=ceph,
        healthy=all(_is_healthy(node, product) for node in nodes)
        and cluster.has_quorum()
        and not ceph.lacks
        and (answers or not product),
    )


def table(shown: BedStatus) -> str:
    """Return the status as a table."""
    head = ["NODE", "ROLE", "POWER", "PID", *(name.upper() for name in NETWORKS.values()), "BMC"]
    rows = [[*head, "UNITS"]]
    for node in shown.nodes:
        addresses = [_address(node, short) for short in NETWORKS]
        pid = str(node.leader_pid or "-")
        rows.append([node.name, node.role, node.power, pid, *addresses, node.bmc, _units(node)])
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["  ".join(f"{cell:<{w}}" for cell, w in zip(row, widths, strict=True)) for row in rows]
    answers = "answers" if shown.api.answers else "does not answer"
    lines += ["", f"API     {shown.api.url} ({answers}), token {shown.api.token}"]
    lines += [f"Ceph    {', '.join([shown.ceph.verdict, *shown.ceph.lacks])}"]
    lines += [f"health  {'all well' if shown.healthy else 'DEGRADED'}"]
    return "\n".join(line.rstrip() for line in lines)


def _node_status(node: Node) -> NodeStatus:
    names = COORDINATOR_UNITS if node.is_coordinator else HYPERVISOR_UNITS
    return NodeStatus(
        name=node.name,
        role="coordinator" if node.is_coordinator else "hypervisor",
        power="frozen" if node.is_frozen else "on" if node.is_on else "off",
        leader_pid=node.leader,
        addresses={long: node.addresses[short] for short, long in NETWORKS.items()},
        bmc=node.settings.bmc_address,
        cut=sorted(NETWORKS[short] for short in network.cuts(node.settings)),
        units=_unit_states(node, names),
        zookeeper=node.zookeeper_mode() if node.is_coordinator else None,
    )


def _ceph_status(cluster: Cluster) -> CephStatus:
    seen = ceph_health.health(cluster)
    return CephStatus(
        verdict=seen.verdict if seen else "unknown",
        lacks=ceph_health.lacking(cluster, seen),
    )


def _unit_states(node: Node, names: tuple[str, ...]) -> dict[str, str]:
    """Ask a node for its units; one that is off, frozen or hung says nothing."""
    unknown = dict.fromkeys(names, "unknown")
    if node.leader is None or node.is_frozen:
        return unknown
    argv = ["systemctl", "is-active", *(f"{node.unit_name(name)}.service" for name in names)]
    try:
        said = node.run(argv, check=False, timeout_seconds=5).stdout.split()
    except BedError:
        return unknown
    return dict(zip(names, said, strict=True)) if len(said) == len(names) else unknown


def _is_healthy(node: NodeStatus, product: bool) -> bool:
    needed = [
        state
        for unit, state in node.units.items()
        if product or unit not in ("pvcnoded", "pvcapid")
    ]
    return node.power == "on" and not node.cut and all(state == "active" for state in needed)


def _address(node: NodeStatus, short: str) -> str:
    long = NETWORKS[short]
    return node.addresses[long] + (" (cut)" if long in node.cut else "")


def _units(node: NodeStatus) -> str:
    shown = []
    for unit, state in node.units.items():
        detail = f" ({node.zookeeper})" if unit == "zookeeper" and node.zookeeper else ""
        shown.append(unit + detail if state == "active" else f"{unit}: {state}")
    return ", ".join(shown)

"""Waiting until a testbed is what `up` promises, and saying what is missing if it is not."""

from collections.abc import Callable
from functools import partial

from testbed import ceph_health, pool
from testbed.ceph_install import units_of as units_of_ceph
from testbed.cluster import Cluster
from testbed.errors import BedError, WaitedTooLong
from testbed.node import Node
from testbed.progress import Step, step
from testbed.settings import API_PORT
from testbed.waiting import Deadline, wait_until

BOOT_SECONDS = 30.0
CEPH_SECONDS, CEPH_POLL_SECONDS = 60.0, 0.25
ANSWER_SECONDS = 5.0
DEATHS = 5
JOURNAL_LINES = 25


def await_health(cluster: Cluster) -> None:
    """Wait on everything `up` promises, saying what for."""
    _await_nodes(cluster, "multi-user.target", cluster.nodes)
    for node in cluster.nodes:
        node.run(["systemctl", "reset-failed"], check=False)
        node.run(["systemctl", "start", "--no-block", *units_of(node)], check=False)
    _await_nodes(cluster, "zookeeper.service", cluster.coordinators)
    _await(cluster, "Zookeeper quorum", "zookeeper.service", cluster.has_quorum)
    _await_nodes(cluster, "nginx.service", cluster.coordinators)
    for node in cluster.nodes:
        what, unit = f"libvirtd on {node.name}", "libvirtd.service"
        _await(cluster, what, unit, partial(_libvirt_answers, node), node)
    _await_ceph(cluster)
    if cluster.settings.product:
        _await_product(cluster)


def _await_ceph(cluster: Cluster) -> None:
    if not pool.is_made(cluster):
        _await(cluster, "Ceph quorum", "ceph-mon", partial(ceph_health.has_quorum, cluster))
        with step("the pool vms and the guests' disk"):
            pool.make(cluster)
    shown, limit, lacking = Step("waiting for Ceph to be whole"), Deadline(CEPH_SECONDS), [""]

    def whole() -> bool:
        shown.show(f"({limit.left():.0f} s left) {', '.join(lacking)}")
        seen = ceph_health.health(cluster)
        lacking[:] = ceph_health.lacking(cluster, seen)
        if seen is not None and seen.osds_in < len(cluster.nodes):
            ceph_health.take_in(cluster)
        return not lacking

    try:
        wait_until(whole, CEPH_SECONDS, "Ceph to be whole", CEPH_POLL_SECONDS)
    except WaitedTooLong as error:
        said = "\n".join(_explain(cluster.nodes, unit) for unit in ("ceph-mon", "ceph-osd"))
        raise BedError(f"{error}: {', '.join(lacking)}\n{said}".rstrip()) from error
    shown.end("done")


def _libvirt_answers(node: Node) -> bool:
    argv = ["virsh", "--connect", "qemu:///system", "--quiet", "uri"]
    try:
        return node.run(argv, check=False, timeout_seconds=ANSWER_SECONDS).code == 0
    except BedError:
        return False


def _await_product(cluster: Cluster) -> None:
    _await_nodes(cluster, "pvcnoded.service", cluster.nodes)
    _await_nodes(cluster, "pvcapid.service", cluster.coordinators)
    for node in cluster.coordinators:
        what = f"the API at http://{node.addresses['upl']}:{API_PORT}/api/v1/"
        _await(cluster, what, "pvcapid.service", partial(cluster.api_answers, node.name))


def units_of(node: Node) -> list[str]:
    """Return the units a node of this testbed is there for."""
    product = node.settings.settings.product
    daemons = ["libvirtd.service", *units_of_ceph(node.settings)]
    daemons += ["pvcnoded.service"] if product else []
    if not node.is_coordinator:
        return daemons
    api = ["pvcapid.service"] if product else []
    return ["zookeeper.service", "nginx.service", *daemons, *api]


def _await_nodes(cluster: Cluster, unit: str, nodes: list[Node]) -> None:
    for node in nodes:
        condition = partial(_is_active, node, unit, node.restarts(unit) + DEATHS)
        _await(cluster, f"{unit} on {node.name}", unit, condition, node)


def _is_active(node: Node, unit: str, restarts: int) -> bool:
    """Tell whether a unit is active; stop waiting for one that dies again and again."""
    if node.is_active(unit):
        return True
    if node.restarts(unit) >= restarts:
        raise WaitedTooLong(f"{unit} on {node.name} dies whenever it is started")
    return False


def _await(
    cluster: Cluster,
    what: str,
    unit: str,
    condition: Callable[[], bool],
    node: Node | None = None,
) -> None:
    """Wait for one condition; when it fails, show the journal of the unit that was to bring it."""
    shown, limit = Step(f"waiting for {what}"), Deadline(BOOT_SECONDS)

    def look() -> bool:
        shown.show(f"({limit.left():.0f} s left)")
        if node and not node.is_on:
            raise WaitedTooLong(f"{node.name} is off again, so there will be no {unit}")
        return condition()

    try:
        wait_until(look, BOOT_SECONDS, what)
    except WaitedTooLong as error:
        nodes = [node] if node else cluster.coordinators
        raise BedError(f"{error}\n{_explain(nodes, unit)}") from error
    shown.end("done")


def _explain(nodes: list[Node], unit: str) -> str:
    """Return what the units in question last said."""
    texts = []
    for node in nodes:
        if node.leader is None:
            console = (node.settings.directory / "console.log").read_text(errors="replace")
            tail = "\n".join(console.splitlines()[-JOURNAL_LINES:])
            texts.append(f"{node.name} is off; its console said last:\n{tail}")
        elif not node.is_active(node.unit_name(unit)):
            journal = node.journal(node.unit_name(unit), JOURNAL_LINES)
            texts.append(f"{unit} on {node.name}:\n{journal}")
    return "\n".join(texts)

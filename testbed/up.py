"""Bringing a testbed up: each step does what is missing, then waits on what it promises.

Doing it twice is harmless: a running testbed is only completed (nodes switched on, thawed, cables
put back), unless its size, its image or its checkout differ from what is asked for now.
"""

import json
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

from testbed import (
    bmc,
    cgroup,
    connections,
    down,
    host,
    network,
    node_files,
    power_supervisor,
    tools,
)
from testbed.byte_code import compile_sources
from testbed.cluster import Cluster
from testbed.errors import BedError, WaitedTooLong
from testbed.image.base import ensure_base
from testbed.image.layers import build_lock, forget_old
from testbed.image.product import ensure_product
from testbed.node import Node
from testbed.progress import Step, say, step
from testbed.settings import API_PORT, NETWORKS, Settings
from testbed.waiting import Deadline, Stopwatch, wait_until

BOOT_SECONDS = 30.0
DEATHS = 5
JOURNAL_LINES = 25


def up(bed: Settings) -> Cluster:
    """Bring a testbed up and return it; every promise of the command holds then."""
    watch = Stopwatch()
    prepare_host(bed)
    with build_lock(Path(bed.home)):
        layers = ensure_image(bed)
        start(bed, layers)
    cluster = Cluster(bed)
    await_health(cluster)
    connections.write(bed)
    say(f"up after {watch.seconds():.1f} s")
    return cluster


def mend(cluster: Cluster) -> None:
    """Undo every fault of a running testbed and wait until all is well again."""
    layers = _image_of(cluster.settings)
    if layers is None:
        raise BedError(f"testbed {cluster.settings.name} is not up")
    _start_all(cluster.settings, layers)
    await_health(cluster)


def prepare_host(bed: Settings) -> None:
    """Check the host and install its few packages."""
    host.require_root()
    host.require_debian()
    host.ensure_packages()
    home = Path(bed.home)
    home.mkdir(parents=True, exist_ok=True)
    host.require_overlay(home)
    host.load_modules()


def ensure_image(bed: Settings) -> list[Path]:
    """Return the layers of the node image, topmost first, built if needed."""
    home, checkout = Path(bed.home), Path(bed.checkout)
    if not (home / "layers").is_dir():
        host.require_space(home)
    tools.ensure_tools(home)
    base = ensure_base(home, bed.suite)
    product = ensure_product(home, base, checkout)
    forget_old(home, {base, product} | _layers_in_use(home))
    return [product, base]


def start(bed: Settings, layers: list[Path]) -> None:
    """Start whatever of the testbed does not run yet."""
    if _image_of(bed) not in (None, layers):
        say("the node image has changed: starting afresh")
        down.down(bed.name, Path(bed.home))
    if _image_of(bed) is None:
        _install(bed, layers)
    with step("switch, BMCs and power"):
        _start_all(bed, layers)


def await_health(cluster: Cluster) -> None:
    """Wait on everything `up` promises, saying what for."""
    _await_nodes(cluster, "multi-user.target", cluster.nodes)
    for node in cluster.nodes:
        node.run(["systemctl", "start", "--no-block", *units_of(node)], check=False)
    _await_nodes(cluster, "zookeeper.service", cluster.coordinators)
    _await(cluster, "Zookeeper quorum", "zookeeper.service", cluster.has_quorum)
    _await_nodes(cluster, "nginx.service", cluster.coordinators)
    if not cluster.settings.product:
        return
    _await_nodes(cluster, "pvcnoded.service", cluster.nodes)
    _await_nodes(cluster, "pvcapid.service", cluster.coordinators)
    for node in cluster.coordinators:
        what = f"the API at http://{node.addresses['upl']}:{API_PORT}/api/v1/"
        _await(cluster, what, "pvcapid.service", partial(cluster.api_answers, node.name))


def units_of(node: Node) -> list[str]:
    """Return the units a node of this testbed is there for."""
    product = node.settings.settings.product
    daemons = ["pvcnoded.service"] if product else []
    if not node.is_coordinator:
        return daemons
    api = ["pvcapid.service"] if product else []
    return ["zookeeper.service", "nginx.service", *daemons, *api]


def _start_all(bed: Settings, layers: list[Path]) -> None:
    groups = cgroup.cgroups(bed.name)
    network.make_switch(bed)
    power_supervisor.start(bed, layers)
    bmc.start(bed, groups, layers)
    for node in bed.all_nodes():
        if groups.is_frozen(node.name):
            groups.freeze(node.name, frozen=False)
        network.heal(node, list(NETWORKS))
        power_supervisor.order(bed, "on", node.name)


def _install(bed: Settings, layers: list[Path]) -> None:
    with step(f"installing {bed.nodes} nodes"):
        down.remove_everything(bed.name, Path(bed.home))
        bed.save()
        (bed.directory / "share").mkdir(parents=True, exist_ok=True)
        compiled = compile_sources(bed, layers) if bed.product else None
        for node in bed.all_nodes():
            node_files.write_node_files(node, layers)
            if compiled:
                node_files.seed_byte_code(node, compiled)
        if compiled:
            shutil.rmtree(compiled)
        _image_file(bed).write_text(json.dumps([str(layer) for layer in layers]))


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
        elif not node.is_active(unit):
            texts.append(f"{unit} on {node.name}:\n{node.journal(unit, JOURNAL_LINES)}")
    return "\n".join(texts)


def _image_file(bed: Settings) -> Path:
    return bed.directory / "image.json"


def _image_of(bed: Settings) -> list[Path] | None:
    """Return the layers a testbed was installed on, None when it is not installed."""
    try:
        return [Path(layer) for layer in json.loads(_image_file(bed).read_text())]
    except FileNotFoundError:
        return None


def _layers_in_use(home: Path) -> set[Path]:
    files = (home / "clusters").glob("*/image.json")
    return {Path(layer) for file in files for layer in json.loads(file.read_text())}

"""Bringing a testbed up: each step does what is missing, then waits on what it promises.

Doing it twice is harmless: a running testbed is only completed (nodes switched on, thawed, cables
put back), unless its size, its image or its checkout differ from what is asked for now.
"""

import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from testbed import (
    bmc,
    cgroup,
    connections,
    down,
    faults,
    host,
    network,
    node_files,
    power_supervisor,
    tools,
)
from testbed.byte_code import compile_sources
from testbed.cluster import Cluster
from testbed.errors import BedError
from testbed.health import await_health
from testbed.image.base import ensure_base
from testbed.image.guest import ensure_guest
from testbed.image.layers import build_lock, forget_old
from testbed.image.product import ensure_product
from testbed.progress import say, step
from testbed.settings import NETWORKS, NodeSettings, Settings

INSTALLERS = 2


def up(bed: Settings) -> Cluster:
    """Bring a testbed up and return it; every promise of the command holds then."""
    prepare_host(bed)
    with build_lock(Path(bed.home)):
        layers = ensure_image(bed)
        start(bed, layers)
    cluster = Cluster(bed)
    await_health(cluster)
    connections.write(bed)
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
    guest = ensure_guest(home)
    forget_old(home, {base, product, guest} | _layers_in_use(home))
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


def _start_all(bed: Settings, layers: list[Path]) -> None:
    groups = cgroup.cgroups(bed.name)
    network.make_switch(bed)
    power_supervisor.start(bed, layers)
    bmc.start(bed, groups, layers)
    for node in bed.all_nodes():
        if groups.is_frozen(node.name):
            groups.freeze(node.name, frozen=False)
        faults.go_on(groups, node.name)
        network.heal(node, list(NETWORKS))
        power_supervisor.order(bed, "on", node.name)


def _install(bed: Settings, layers: list[Path]) -> None:
    with step(f"installing {bed.nodes} nodes"):
        down.remove_everything(bed.name, Path(bed.home))
        bed.save()
        (bed.directory / "share").mkdir(parents=True, exist_ok=True)
        compiled = compile_sources(bed, layers) if bed.product else None
        # Two at a time: making their Ceph stores is work for the processor.
        with ThreadPoolExecutor(INSTALLERS) as installers:
            list(installers.map(partial(_install_node, layers, compiled), bed.all_nodes()))
        if compiled:
            shutil.rmtree(compiled)
        _image_file(bed).write_text(json.dumps([str(layer) for layer in layers]))


def _install_node(layers: list[Path], compiled: Path | None, node: NodeSettings) -> None:
    node_files.write_node_files(node, layers)
    if compiled:
        node_files.seed_byte_code(node, compiled)


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

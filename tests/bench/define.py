"""Define a VM by the order the API gives: number 1 beside number 5,000, on a real Zookeeper.

Bar: the same time, ± 50 %. Never red or green by time.

    python -m tests.bench.define [--vms 5000] [--times 200]
"""

import argparse
import time

from cluster.model.vm import VmMeta
from cluster.operations.vm_define import NewVm, define
from cluster.operations.vm_state import remove
from cluster.schema.layout import layout
from cluster.schema.tree import initialise
from cluster.schema.versions import NEWEST
from cluster.store.store import Create
from cluster.store.zookeeper import ZookeeperStore
from runtime.config.node import StoreSection
from runtime.deadline import Deadline
from tests.bench import report
from tests.fakes.synthetic_cluster import node_keys
from tests.fakes.vm_tree import xml_of
from tests.zookeeper import is_installed, zookeeper

LAYOUT = layout(NEWEST)


def main() -> None:
    """Run the bench."""
    parser = report.parser(__doc__ or "")
    parser.add_argument("--vms", type=int, default=5000)
    parser.add_argument("--times", type=int, default=200)
    options = parser.parse_args()
    report.silence()
    if not is_installed():
        print("define: Zookeeper is not installed")
        return
    report.begin()
    run(options)


def run(options: argparse.Namespace) -> None:
    """Measure with none, fill up, measure again; the first ones only warm the server up."""
    with zookeeper(tick_ms=500, heap_mb=768) as ensemble:
        store = open_store(ensemble.hosts[0])
        define_each(store, 0, options.times, stays=False)
        first = define_each(store, 0, options.times, stays=False)
        filled = define_each(store, 0, options.vms - 1, stays=True)
        last = define_each(store, options.vms, options.times, stays=False)
        store.close()
    bar = "as of number 1 ± 50 %"
    report.spread("define VM number 1", [s * 1000 for s in first], "ms")
    report.spread(f"define VM number {options.vms}", [s * 1000 for s in last], "ms", bar)
    ratio = report.percentile(last, 50) / report.percentile(first, 50)
    report.figure(f"number {options.vms} against number 1, median", f"{ratio:.2f}", "0.5 to 1.5")
    report.spread("all in between", [s * 1000 for s in filled], "ms")


def define_each(store: ZookeeperStore, start: int, count: int, *, stays: bool) -> list[float]:
    """Define VMs; return how long each took. Unless it stays each is removed, so that their number
    does not grow."""
    taken: list[float] = []
    for number in range(start, start + count):
        uuid = f"1c2f64a0-0000-4c0e-9c5a-{number:012d}"
        new = NewVm(xml=xml_of(f"vm{number}", uuid), node="hv1", meta=VmMeta())
        begun = time.perf_counter()
        define(store, LAYOUT, new, deadline=Deadline.after(10.0))
        taken.append(time.perf_counter() - begun)
        if not stays:
            remove(store, LAYOUT, uuid, deadline=Deadline.after(10.0))
    return taken


def open_store(hosts: str) -> ZookeeperStore:
    """Return a connected store with a new tree and one node."""
    section = StoreSection(hosts=(hosts,), session_timeout_seconds=10.0, call_seconds=10.0)
    store = ZookeeperStore(section)
    store.start(Deadline.after(10.0))
    initialise(store, Deadline.after(10.0))
    keys = sorted(node_keys(LAYOUT, "hv1").items())
    store.apply([Create(path, data) for path, data in keys], Deadline.after(10.0))
    return store


if __name__ == "__main__":
    main()

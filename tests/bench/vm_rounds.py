"""The vm worker's rounds beside many VMs, on a real Zookeeper: `python -m tests.bench.vm_rounds`.

Three nodes share the VMs, of which some run; the worker of one of them is looked at. Bars: a round
in which nothing changed takes less than 2 ms with 5,000 VMs in the tree, and the worker stays below
40 MiB PSS.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping

from cluster.model.vm import Seen, SeenState, Selector, Wanted, WantedState
from cluster.records.vm_record import seen_data, wanted_data
from cluster.schema.layout import layout
from cluster.store.store import Create, Write
from cluster.store.zookeeper import ZookeeperStore
from runtime.clock import SYSTEM_CLOCK
from runtime.config.node import StoreSection
from runtime.deadline import Deadline
from tests.bench import report
from tests.fakes.synthetic_cluster import synthetic_tree
from tests.fakes.vm_tree import xml_of
from tests.memory import pss_mib
from tests.zookeeper import is_installed, zookeeper
from workers.vm.decide import Memory, decide
from workers.vm.jobs import Job, JobState
from workers.vm.local import LocalState, LocalVm, Sight, Statistics
from workers.vm.observe import Observer
from workers.vm.rules import Rules
from workers.vm.watching import StoreDetails, WatchedTree

LAYOUT = layout(16)
ROUNDS = 500
UUID = "1c2f64a0-0000-4c0e-9c5a-{:012d}"
RUNNING = 100
"""So many VMs run on each node; all others are off."""


class CalmHypervisor:
    """Has the VMs that the tree gives to this node, and nothing happens to them."""

    def __init__(self) -> None:
        self.vms: dict[str, LocalVm] = {}

    def sight(self) -> Sight:
        return Sight(at=SYSTEM_CLOCK.now(), vms=dict(self.vms))

    def statistics(self) -> Statistics:
        return Statistics()

    def begin(self, vm: str, job: Job) -> None:
        raise AssertionError((vm, job))

    def jobs(self) -> Mapping[str, JobState]:
        return {}

    def forget(self, vm: str) -> None:
        raise AssertionError(vm)

    def close(self) -> None:
        return


def main() -> None:
    """Run the bench, or its child."""
    parser = report.parser(__doc__ or "")
    parser.add_argument("--vms", type=int, default=5000)
    parser.add_argument("--child", default="")
    options = parser.parse_args()
    report.silence()
    if options.child:
        be_worker(options.child)
    elif is_installed():
        report.begin()
        run_all(options)
    else:
        print("vm_rounds: Zookeeper is not installed")


def run_all(options: argparse.Namespace) -> None:
    """Look at a worker beside few VMs and beside many."""
    for count in (30, options.vms):
        with zookeeper(tick_ms=500, heap_mb=512) as ensemble:
            store = open_store(ensemble.hosts[0])
            fill(store, count)
            command = [sys.executable, "-m", "tests.bench.vm_rounds"]
            told = subprocess.run(
                [*command, "--child", ensemble.hosts[0]],
                stdout=subprocess.PIPE,
                timeout=300,
                check=True,
            ).stdout
            store.close()
        figures = json.loads(told)
        report.spread(f"round, {count} VMs, nothing changed", figures["calm"], "ms", "2 ms")
        report.spread(f"round, {count} VMs, one order given", figures["order"], "ms")
        report.figure("first round", f"{figures['first']:.2f} s")
        report.figure("memory of the worker", f"{figures['pss']:.1f} MiB PSS", "40 MiB")


def fill(store: ZookeeperStore, count: int) -> None:
    """Write the tree."""
    tree = synthetic_tree(3, count)
    for number in range(3 * RUNNING, count):
        uuid, node = UUID.format(number), f"hv{number % 3 + 1}"
        wanted = Wanted(state=WantedState.STOP, node=node, serial=1)
        tree[LAYOUT.path("vm.wanted", vm=uuid)] = wanted_data(wanted)
        seen = Seen(state=SeenState.OFF, node=node, serial=1)
        tree[LAYOUT.path("vm.seen", vm=uuid)] = seen_data(seen)
    for number in range(count):
        uuid, name = UUID.format(number), f"vm{number:04d}"
        tree[LAYOUT.path("vm.xml", vm=uuid)] = xml_of(name, uuid).encode()
    paths = sorted(path for path in tree if path != "/" and not path.startswith("/zookeeper"))
    for start in range(0, len(paths), 200):
        part = [Create(path, tree[path]) for path in paths[start : start + 200]]
        store.apply(part, Deadline.after(30.0))


def open_store(host: str) -> ZookeeperStore:
    """Return a connected store."""
    section = StoreSection(hosts=(host,), session_timeout_seconds=10.0, call_seconds=10.0)
    store = ZookeeperStore(section, SYSTEM_CLOCK)
    store.start(Deadline.after(10.0))
    return store


def be_worker(host: str) -> None:
    """Turn rounds as the worker does and say what they took."""
    store = open_store(host)
    tree = WatchedTree(store, LAYOUT, SYSTEM_CLOCK, call_seconds=10.0)
    details = StoreDetails(store, LAYOUT, SYSTEM_CLOCK, call_seconds=10.0)
    details.start(lambda: None)
    tree.start(lambda: None)
    while tree.trouble():
        time.sleep(0.05)
    hypervisor = CalmHypervisor()
    observer = Observer("hv1", LAYOUT, copy=tree, details=details, hypervisor=hypervisor)
    rules = Rules(node="hv1", peer_uri="qemu+tcp://{node}/system", selector=Selector.MEM)
    memory = Memory()

    def turn() -> float:
        nonlocal memory
        # Of the processor alone: what other processes take of it is none of ours.
        begun = time.thread_time()
        memory = decide(rules, observer.observe(), memory, SYSTEM_CLOCK.now()).memory
        return time.thread_time() - begun

    first = turn()
    for uuid, view in observer.observe().vms.items():
        if not view.record.state.may_run:
            continue
        hypervisor.vms[uuid] = LocalVm(uuid=uuid, name=view.name, state=LocalState.RUNNING)
    settle = [turn() for _ in range(5)]
    assert settle
    calm = []
    for _ in range(ROUNDS):
        calm.append(1000 * turn())
        time.sleep(0.02)
    order = []
    path = LAYOUT.path("vm.wanted", vm=next(iter(hypervisor.vms)))
    value = store.read(path, Deadline.after(10.0))
    assert value is not None
    for _ in range(50):
        store.apply([Write(path, value.data)], Deadline.after(10.0))
        time.sleep(0.02)
        order.append(1000 * turn())
    print(json.dumps({"first": first, "calm": calm, "order": order, "pss": pss_mib(os.getpid())}))


if __name__ == "__main__":
    main()

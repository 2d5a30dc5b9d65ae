"""Memory of the tree and of the API, as PSS: `python -m tests.bench.memory`.

The real root with its real workers and a real pvcapid that mirrors 1,000 synthetic VMs, beside a
real Zookeeper of one member. PSS counts a page shared by n processes as 1/n of it, so the sum is
what all of them cost. The comparison is a bare interpreter in the same run.
"""

import contextlib
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from cluster.store.zookeeper import ZookeeperStore
from runtime.config.node import StoreSection
from runtime.deadline import Deadline
from tests.api_process import api_process, fill
from tests.bench.restart import ROOT
from tests.fakes.synthetic_cluster import synthetic_tree
from tests.process.real_root import RealRoot, children_of, eventually
from tests.zookeeper import is_installed, zookeeper

NODES, VMS = 5, 1000
SETTLE_SECONDS = 10.0
BARS_MIB = {"supervisor": 20, "keepalive": 20, "pvcapid": 80}


def main() -> int:
    """Run the bench."""
    if not is_installed():
        print("memory: Zookeeper is not installed")
        return 0
    with zookeeper(heap_mb=256) as ensemble, contextlib.ExitStack() as stack:
        hosts = ensemble.hosts[0]
        port = int(hosts.rpartition(":")[2])
        _fill(hosts)
        api = stack.enter_context(api_process(port))
        root = stack.enter_context(_tree(port))
        bare = stack.enter_context(_bare())
        eventually(lambda: root.facts()["tree"] == "running", 30, root)
        time.sleep(SETTLE_SECONDS)
        processes = {_title(pid): pid for pid in children_of(root.pid)}
        processes = {"supervisor": root.pid, **processes, "pvcapid": api.pid}
        for name, pid in processes.items():
            bar = BARS_MIB.get(name)
            print(f"memory: {name:<12}{pss_mib(pid):6.1f} MiB" + (f"  (bar {bar})" if bar else ""))
        tree = sum(pss_mib(pid) for name, pid in processes.items() if name != "pvcapid")
        print(f"memory: {'whole tree':<12}{tree:6.1f} MiB  (bar 150 for all seven workers)")
        print(f"memory: comparison, a bare interpreter {pss_mib(bare):.1f} MiB")
    return 0


def pss_mib(pid: int) -> float:
    """Return a process's proportional share of memory."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    raise AssertionError(f"no PSS of {pid}")


def _fill(hosts: str) -> None:
    store = ZookeeperStore(StoreSection(hosts=(hosts,)))
    store.start(Deadline.after(20.0))
    fill(store, synthetic_tree(NODES, VMS))
    store.close()


@contextlib.contextmanager
def _tree(port: int) -> Iterator[RealRoot]:
    root = RealRoot([], port=port)
    try:
        # As the unit sets it.
        yield root.start((str(ROOT), str(root.where / "state")), MALLOC_ARENA_MAX="2")
    finally:
        root.close()


@contextlib.contextmanager
def _bare() -> Iterator[int]:
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        yield process.pid
    finally:
        process.kill()
        process.wait()


def _title(pid: int) -> str:
    command = Path(f"/proc/{pid}/cmdline").read_bytes().rstrip(b"\0 ").decode()
    return command.removeprefix("pvcnoded: ")


if __name__ == "__main__":
    sys.exit(main())

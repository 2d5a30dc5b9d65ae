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
from tests.bench import report
from tests.bench.restart import ROOT
from tests.fakes.synthetic_cluster import synthetic_tree
from tests.memory import pss_mib
from tests.process.real_root import RealRoot, children_of, eventually
from tests.zookeeper import is_installed, zookeeper

NODES, VMS = 5, 1000
SETTLE_SECONDS = 10.0
BARS_MIB = {"supervisor": 20, "keepalive": 20, "pvcapid": 80}


def main() -> int:
    """Run the bench."""
    report.parser(__doc__ or "").parse_args()
    report.begin()
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
        sizes = {name: pss_mib(pid) for name, pid in processes.items()}
        for name, mib in sizes.items():
            bar = BARS_MIB.get(name)
            report.figure(name, f"{mib:5.1f} MiB", f"{bar} MiB" if bar else "")
        tree = sum(mib for name, mib in sizes.items() if name != "pvcapid")
        report.figure("the whole tree", f"{tree:5.1f} MiB", "150 MiB with all seven workers")
        report.figure("comparison: a bare interpreter", f"{pss_mib(bare):5.1f} MiB")
    return 0


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

"""Others while clients wait: `python -m tests.bench.api_waiting [--waiting 50]`.

A real Zookeeper with 5 nodes and 1,000 VMs, pvcapid as a process. GET /node is measured with nobody
waiting and with so many calls that wait for a shutdown, in turn, so that a busy machine is busy for
both; meanwhile a VM changes twenty times a second, so that each wait is looked at as often. At the
end all VMs go off at once: how soon the clients know, and that every one of them was answered.
"""

import http.client
import itertools
import threading
import time
from pathlib import Path

from cluster.model.vm import Seen, SeenState
from cluster.records.vm_record import seen_data
from cluster.schema.layout import layout
from cluster.schema.versions import NEWEST
from cluster.store.store import Store, Write
from cluster.store.zookeeper import ZookeeperStore
from runtime.config.node import StoreSection
from runtime.deadline import Deadline
from tests.api_process import TOKEN, ApiProcess, api_process, fill
from tests.bench import report
from tests.bench.api import timed
from tests.fakes.synthetic_cluster import synthetic_tree, vm_stats
from tests.memory import pss_mib
from tests.zookeeper import wait_until, zookeeper

NODES, VMS, ROUNDS, CALLS = 5, 1000, 8, 250
KEYS = layout(NEWEST)


class Waiting:
    """Clients that wait until their VMs are off."""

    def __init__(self, port: int, numbers: range) -> None:
        self.answered: dict[int, float] = {}
        self._port = port
        self._threads = [threading.Thread(target=self._wait, args=(n,)) for n in numbers]
        for thread in self._threads:
            thread.start()

    def join(self) -> None:
        """Wait until all are answered."""
        for thread in self._threads:
            thread.join()

    def _wait(self, number: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=600)
        path = f"/api/v1/vm/vm{number:04d}/state?state=shutdown&wait=true"
        connection.request("POST", path, headers={"X-Api-Key": TOKEN})
        reply = connection.getresponse()
        body = reply.read()
        assert reply.status == 200, body
        self.answered[number] = time.perf_counter()
        connection.close()


def uuid(number: int) -> str:
    """Return the UUID of a VM of the synthetic cluster."""
    return f"1c2f64a0-0000-4c0e-9c5a-{number:012d}"


def main() -> None:
    """Run everything once."""
    parser = report.parser(__doc__ or "")
    parser.add_argument("--waiting", type=int, default=50)
    given = parser.parse_args()
    report.begin()
    with zookeeper(heap_mb=256) as ensemble:
        member = ensemble.members[0]
        store = ZookeeperStore(StoreSection(hosts=(member.host,), call_seconds=10))
        store.start(Deadline.after(20))
        fill(store, synthetic_tree(NODES, VMS))
        with api_process(member.port) as api:
            wait_until(lambda: api.get("/vm/vm0999")[0] == 200, 60)
            stop = threading.Event()
            changing = threading.Thread(target=_change, args=(store, stop))
            changing.start()
            _measure(store, api, given.waiting)
            stop.set()
            changing.join()
        store.close()


def _measure(store: Store, api: ApiProcess, count: int) -> None:
    timed(api.port, "/node", CALLS)
    threads = _threads(api.pid)
    alone: list[float] = []
    beside: list[float] = []
    known: list[float] = []
    for number in range(ROUNDS):
        alone += timed(api.port, "/node", CALLS)
        numbers = range(number * count, (number + 1) * count)
        waiting = Waiting(api.port, numbers)
        wait_until(lambda numbers=numbers: _are_ordered(store, numbers), 30)  # type: ignore[misc]
        beside += timed(api.port, "/node", CALLS)
        if number == ROUNDS - 1:
            report.figure(f"threads of pvcapid while {count} wait", f"{_threads(api.pid)}",
                          f"{threads} as before")  # fmt: skip
        known += _end(store, waiting, numbers)
    report.spread("GET /node, nobody waits", alone, "ms")
    report.spread(f"GET /node, {count} clients wait", beside, "ms", "p99 as before")
    report.spread("all VMs off until a client knows", known, "ms")
    report.figure("memory of pvcapid, PSS", f"{pss_mib(api.pid):.1f} MiB")


def _end(store: Store, waiting: Waiting, numbers: range) -> list[float]:
    """Let all VMs be off; return after how many milliseconds each client was answered."""
    off = {n: seen_data(Seen(state=SeenState.OFF, node="hv1", serial=2)) for n in numbers}
    changes = [Write(KEYS.path("vm.seen", vm=uuid(n)), data) for n, data in off.items()]
    store.apply(changes, Deadline.after(10))
    done = time.perf_counter()
    waiting.join()
    assert len(waiting.answered) == len(numbers)
    return [max(0.0, (at - done) * 1000) for at in waiting.answered.values()]


def _are_ordered(store: Store, numbers: range) -> bool:
    paths = [KEYS.path("vm.wanted", vm=uuid(n)) for n in numbers]
    values = store.read_many(paths, Deadline.after(10)).values()
    return all(value is not None and b'"shutdown"' in value.data for value in values)


def _change(store: Store, stop: threading.Event) -> None:
    path = KEYS.path("vm.stats", vm=uuid(VMS - 1))
    for number in itertools.count():
        if stop.wait(0.05):
            return
        store.apply([Write(path, vm_stats("vm0999", 999, number))], Deadline.after(10))


def _threads(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/task").iterdir()))


if __name__ == "__main__":
    main()

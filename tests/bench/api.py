"""The API process as clients see it: `python -m tests.bench.api`.

A real Zookeeper with 5 nodes and 1,000 VMs, pvcapid as a process, GET /node over HTTP. Printed are
medians and p99 beside the root path (no data at all) in the same run, Zookeeper's own count of
requests, and the memory of the process.
"""

import contextlib
import http.client
import socket
import threading
import time

from cluster.store.store import Store, Write
from cluster.store.zookeeper import ZookeeperStore
from runtime.config.node import StoreSection
from runtime.deadline import Deadline
from tests.api_process import api_process, fill, get
from tests.bench import report
from tests.fakes.synthetic_cluster import synthetic_tree
from tests.memory import pss_mib
from tests.zookeeper import wait_until, zookeeper

NODES, VMS, CALLS = 5, 1000, 2000


def timed(port: int, path: str, calls: int) -> list[float]:
    """Return the milliseconds of so many calls, one after the other on one connection."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    taken = []
    for _ in range(calls):
        started = time.perf_counter()
        status = get(connection, path)[0]
        taken.append((time.perf_counter() - started) * 1000)
        assert status == 200, status
    connection.close()
    return taken


def requests_served(member_port: int) -> int:
    """Return how many packets this Zookeeper member has received so far."""
    with socket.create_connection(("127.0.0.1", member_port), timeout=2) as end:
        end.sendall(b"srvr")
        answer = end.makefile("rb").read().decode()
    return int(answer.partition("Received: ")[2].partition("\n")[0])


def beating(store: Store, stop: threading.Event) -> None:
    """Move every node's beat once a second, as their keepalives do."""
    count = 100
    while not stop.wait(1.0 / NODES):
        count += 1
        path = f"/nodes/hv{count % NODES + 1}/beat"
        store.apply([Write(path, f"run-1 {count}".encode())], Deadline.after(5))


def main() -> None:
    """Run everything once."""
    report.parser(__doc__ or "").parse_args()
    report.begin()
    with zookeeper(heap_mb=256) as ensemble:
        member = ensemble.members[0]
        store = ZookeeperStore(StoreSection(hosts=(member.host,), call_seconds=10))
        store.start(Deadline.after(20))
        fill(store, synthetic_tree(NODES, VMS))
        with api_process(member.port) as api:
            measure(store, member.port, api.pid, api.port)
        store.close()


def measure(store: Store, member_port: int, pid: int, port: int) -> None:
    """Print all figures of one running API."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    started = time.perf_counter()

    def answers() -> bool:
        with contextlib.suppress(OSError):
            return get(connection, "/node")[0] == 200
        connection.close()
        return False

    wait_until(answers, 30)
    report.figure("start until the first answer", f"{time.perf_counter() - started:.2f} s")
    timed(port, "/node", 50)
    before = requests_served(member_port)
    began = time.monotonic()
    quiet = timed(port, "/node", CALLS)
    asked = requests_served(member_port) - before - 1
    pings = f"in {time.monotonic() - began:.1f} s with the sessions' pings"
    report.spread(f"GET /node, {NODES} nodes, {VMS} VMs", quiet, "ms", "p99 <= 10 ms")
    report.spread("GET / for comparison", timed(port, "/", CALLS), "ms")
    report.figure("Zookeeper requests", f"{asked} for {CALLS} calls {pings}", "0 per call")
    stop = threading.Event()
    beats = threading.Thread(target=beating, args=(store, stop))
    beats.start()
    report.spread(
        "GET /node while every node beats", timed(port, "/node", CALLS), "ms", "p99 <= 10 ms"
    )
    report.spread("GET /status while every node beats", timed(port, "/status", 500), "ms")
    crowd(port)
    stop.set()
    beats.join()
    report.figure("memory of pvcapid, PSS", f"{pss_mib(pid):.1f} MiB", "80 MiB")


def crowd(port: int, clients: int = 50, calls: int = 20) -> None:
    """Let many clients call at once."""
    taken: list[float] = []
    threads = [
        threading.Thread(target=lambda: taken.extend(timed(port, "/node", calls)))
        for _ in range(clients)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == clients * calls
    report.spread(f"GET /node, {clients} clients at once", taken, "ms")


if __name__ == "__main__":
    main()

"""VMs as clients get them: `python -m tests.bench.api_vm [--vms 100 1000 5000]`.

A real Zookeeper with 5 nodes and so many VMs, pvcapid as a process; full views with the XML over
HTTP on the loopback, while VMs change: a tenth of them have new statistics each five seconds, all
of them with `--busy`. Beside it a body of the same size from a server that has nothing else to do;
Zookeeper's own count of requests, and the memory of the process.
"""

import argparse
import http.server
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from cluster.schema.layout import layout
from cluster.schema.versions import NEWEST
from cluster.store.store import Store, Write
from cluster.store.zookeeper import ZookeeperStore
from runtime.config.node import StoreSection
from runtime.deadline import Deadline
from tests.api_process import ApiProcess, api_process, fill
from tests.bench import report
from tests.bench.api import requests_served, timed
from tests.fakes.synthetic_cluster import synthetic_tree, vm_stats
from tests.memory import pss_mib
from tests.zookeeper import Member, wait_until, zookeeper

BARS_MS = {100: 8, 1000: 50, 5000: 250}
_STATISTICS_SECONDS = 5.0


def main() -> None:
    """Run everything once for each number of VMs."""
    given = _parse()
    report.begin()
    for vms in given.vms:
        with zookeeper(heap_mb=512) as ensemble:
            _one_cluster(ensemble.members[0], vms, given)


def _parse() -> argparse.Namespace:
    parser = report.parser(__doc__ or "")
    parser.add_argument("--vms", type=int, nargs="+", default=[100, 1000, 5000])
    parser.add_argument("--calls", type=int, default=0, help="how many calls of each list")
    parser.add_argument("--busy", action="store_true", help="every VM changes each five seconds")
    return parser.parse_args()


def _one_cluster(member: Member, vms: int, given: argparse.Namespace) -> None:
    store = ZookeeperStore(StoreSection(hosts=(member.host,), call_seconds=10))
    store.start(Deadline.after(20))
    fill(store, synthetic_tree(5, vms))
    with api_process(member.port) as api:
        wait_until(lambda: api.get("/node")[0] == 200, 60)
        calls = given.calls or max(100, 100_000 // vms)
        _measure(store, member, api, vms, calls, per_second=_rate(vms, is_busy=given.busy))
    store.close()


def _rate(vms: int, *, is_busy: bool) -> float:
    return vms / _STATISTICS_SECONDS / (1 if is_busy else 10)


def _measure(
    store: Store, member: Member, api: ApiProcess, vms: int, calls: int, *, per_second: float
) -> None:
    report.figure(f"pvcapid with {vms} VMs, nothing asked yet, PSS", f"{pss_mib(api.pid):.1f} MiB")
    started = time.perf_counter()
    body = api.get("/vm")[1]
    first = (time.perf_counter() - started) * 1000
    report.figure("first GET /vm", f"{first:.0f} ms, {len(body) / 2**20:.1f} MiB")
    before, began = requests_served(member.port), time.monotonic()
    bar = f"p99 <= {BARS_MS[vms]} ms" if vms in BARS_MS else ""
    report.spread(f"GET /vm, {vms} VMs", timed(api.port, "/vm", calls), "ms", bar)
    report.spread("GET /vm/NAME", timed(api.port, "/vm/vm0007", 2000), "ms", "p99 <= 5 ms")
    asked = requests_served(member.port) - before - 1
    pings = f"in {time.monotonic() - began:.1f} s with the sessions' pings"
    report.figure("Zookeeper requests", f"{asked} for {calls + 2000} calls {pings}", "0 per call")
    with _changing(store, vms, per_second):
        what = f"GET /vm, {per_second:.0f} VMs change per second"
        report.spread(what, timed(api.port, "/vm", calls), "ms", bar)
        report.spread("GET /vm/NAME", timed(api.port, "/vm/vm0007", 2000), "ms", "p99 <= 5 ms")
        short = "/vm?fields=name,state,node,memory,vcpu,networks,tags"
        report.spread("GET /vm, 7 fields", timed(api.port, short, max(20, calls // 4)), "ms")
        report.spread("GET /vm?limit=vm00[0-4]&sort=-name", timed(
            api.port, "/vm?limit=vm00%5B0-4%5D&sort=-name", max(20, calls // 4)), "ms")  # fmt: skip
    report.spread("a body of this size for comparison", _plain(body, calls), "ms")
    report.figure(f"pvcapid with {vms} VMs, PSS", f"{pss_mib(api.pid):.1f} MiB")


@contextmanager
def _changing(store: Store, vms: int, per_second: float) -> Iterator[None]:
    stop = threading.Event()
    changing = threading.Thread(target=_change, args=(store, vms, per_second, stop))
    changing.start()
    try:
        yield
    finally:
        stop.set()
        changing.join()


def _change(store: Store, vms: int, per_second: float, stop: threading.Event) -> None:
    keys, number = layout(NEWEST), 0
    at_once = max(1, round(per_second / 10))
    while not stop.wait(at_once / per_second):
        changes = []
        for _ in range(min(at_once, vms)):
            number += 1
            which = number % vms
            path = keys.path("vm.stats", vm=f"1c2f64a0-0000-4c0e-9c5a-{which:012d}")
            data = vm_stats(f"vm{which:04d}", which, 1_000_000 + number)
            changes.append(Write(path, data))
        store.apply(changes, Deadline.after(10))


def _plain(body: bytes, calls: int) -> list[float]:
    """Time the same bytes from a server that has nothing else to do."""

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    taken = timed(server.server_address[1], "/", min(calls, 200))
    server.shutdown()
    server.server_close()
    return taken


if __name__ == "__main__":
    main()

"""The mirror on a real Zookeeper: time to load, time from a write to its copy, memory.

Bar: 100,000 keys loaded within 1 s, updates within 20 ms (p99), at most 80 MiB PSS of the process
that holds the mirror. Compared with kazoo's TreeCache. Never red or green by time.

    python -m tests.bench.mirror [--keys 100000] [--treecache-keys 10000] [--updates 5000]
"""

import argparse
import json
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

from cluster.store.mirror import Mirror
from cluster.store.store import Change, Create, Write
from cluster.store.zookeeper import ZookeeperStore
from runtime.config.node import StoreSection
from runtime.deadline import Deadline
from runtime.errors import PvcError
from tests.bench import report
from tests.zookeeper import is_installed, wait_until, zookeeper

NAMES = (
    *("state", "node", "lastnode", "failedreason", "console.log", "console.vnc", "consolelog"),
    *("selector", "autostart", "name", "profile", "limits", "affinity", "method", "meta", "tags"),
    *("rbdlist", "migrate_sync_lock", "vcpus", "memory", "snapshots", "created", "volumes", "xml"),
)
LOADS = 5
WRITES_PER_SECOND = 500


def main() -> None:
    """Run the bench, or one of its child processes."""
    parser = report.parser(__doc__ or "")
    parser.add_argument("--keys", type=int, default=100_000)
    parser.add_argument("--treecache-keys", type=int, default=10_000)
    parser.add_argument("--updates", type=int, default=5_000)
    parser.add_argument("--child", choices=["mirror", "treecache"])
    parser.add_argument("--hosts", default="")
    parser.add_argument("--root", default="/")
    options = parser.parse_args()
    report.silence()
    if options.child == "mirror":
        hold_mirror(options.hosts, options.root)
    elif options.child == "treecache":
        hold_treecache(options.hosts, options.root)
    elif is_installed():
        report.begin()
        run_all(options)
    else:
        print("mirror: Zookeeper is not installed")


def run_all(options: argparse.Namespace) -> None:
    """Build both trees, start the children one after the other and print what they say."""
    with zookeeper(tick_ms=500, heap_mb=768) as ensemble:
        hosts = ensemble.hosts[0]
        store = open_store(hosts)
        big = build(store, "/domains", options.keys)
        small = build(store, "/small", options.treecache_keys)
        loads = [run_child("mirror", hosts, "/domains", [], store) for _ in range(LOADS)]
        busy = run_child("mirror", hosts, "/domains", big[: options.updates], store)
        cache = run_child("treecache", hosts, "/small", small[: options.updates], store)
        mine = run_child("mirror", hosts, "/small", small[: options.updates], store)
        store.close()
    times = [float(load["load_seconds"]) for load in loads]
    report.spread(f"load of {options.keys} keys", times, "s", "1 s")
    report.figure("memory of that process", memory(busy), "PSS 80 MiB")
    report.figure(f"from a write to its copy, {options.updates}", latency(busy), "p99 20 ms")
    for name, figures in (("mirror", mine), ("TreeCache", cache)):
        what = f"{name} at {options.treecache_keys} keys: load"
        report.figure(what, f"{figures['load_seconds']:.2f} s, {memory(figures)}")
        report.figure("  from a write to its copy", latency(figures))


def open_store(hosts: str) -> ZookeeperStore:
    """Return a connected store."""
    store = ZookeeperStore(
        StoreSection(hosts=(hosts,), session_timeout_seconds=10.0, call_seconds=10.0)
    )
    store.start(Deadline.after(10.0))
    return store


def build(store: ZookeeperStore, root: str, count: int) -> list[str]:
    """Create `count` keys as a cluster with many VMs has them; return the leaves."""
    changes: list[Change] = [Create(root, b"")]
    leaves: list[str] = []
    while len(changes) < count:
        vm = f"{root}/{uuid.uuid4()}"
        changes.append(Create(vm, b""))
        for name in NAMES:
            leaves.append(f"{vm}/{name}")
            changes.append(Create(leaves[-1], f"{name} of this machine".encode()))
    for start in range(0, count, 500):
        store.apply(changes[start : min(start + 500, count)], Deadline.after(30.0))
    created = {change.path for change in changes[:count]}
    return [leaf for leaf in leaves if leaf in created]


def run_child(
    kind: str, hosts: str, root: str, to_write: list[str], store: ZookeeperStore
) -> dict[str, float]:
    """Let a child load, write what it follows, and return its figures."""
    command = [sys.executable, "-m", "tests.bench.mirror", "--child", kind, "--hosts", hosts]
    child = subprocess.Popen(
        [*command, "--root", root], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert child.stdin is not None
    assert child.stdout is not None
    child.stdout.readline()
    begun = time.monotonic()
    for number, path in enumerate(to_write):
        time.sleep(max(0.0, begun + number / WRITES_PER_SECOND - time.monotonic()))
        stamp = str(time.monotonic_ns()).encode()
        store.apply([Write(path, stamp)], Deadline.after(10.0))
    child.stdin.write(f"{len(to_write)}\n")
    child.stdin.close()
    figures: dict[str, float] = json.loads(child.stdout.readline())
    child.wait()
    return figures


def hold_mirror(hosts: str, root: str) -> None:
    """Load a mirror, follow the parent's writes, and say what it cost."""
    store = open_store(hosts)
    mirror = Mirror(store, root=root, call_seconds=10.0)
    latencies: list[float] = []

    def note(changed: frozenset[str] | None) -> None:
        now = time.monotonic_ns()
        latencies.extend(_ages(now, (mirror.get(path) for path in changed or ())))

    mirror.on_change(note)
    started = time.monotonic()
    mirror.start()
    while not mirror.loaded:
        mirror.wait_applied(0, Deadline.after(30.0))
    tell(time.monotonic() - started, latencies)
    store.close()


def hold_treecache(hosts: str, root: str) -> None:
    """Do the same with kazoo's TreeCache."""
    from kazoo.client import KazooClient
    from kazoo.recipe.cache import TreeCache, TreeEvent

    client = KazooClient(hosts=hosts)
    client.start()
    cache = TreeCache(client, root)
    is_ready = threading.Event()
    latencies: list[float] = []

    def note(event: object) -> None:
        now = time.monotonic_ns()
        if event.event_type == TreeEvent.INITIALIZED:  # type: ignore[attr-defined]
            is_ready.set()
        elif event.event_type == TreeEvent.NODE_UPDATED:  # type: ignore[attr-defined]
            latencies.extend(_ages(now, [event.event_data.data]))  # type: ignore[attr-defined]

    cache.listen(note)
    started = time.monotonic()
    cache.start()
    is_ready.wait(600.0)
    tell(time.monotonic() - started, latencies)
    client.stop()


def tell(load_seconds: float, latencies: list[float]) -> None:
    """Say that it is loaded, wait until the parent has written, print the figures."""
    after_load = _memory_mib()
    print("loaded", flush=True)
    expected = int(sys.stdin.readline())
    try:
        wait_until(lambda: len(latencies) >= expected, 60.0)
    except (AssertionError, PvcError):
        print(f"only {len(latencies)} of {expected} updates seen", file=sys.stderr)
    print(
        json.dumps(
            {
                "load_seconds": load_seconds,
                "pss_mib": _memory_mib()["Pss"],
                "rss_mib": _memory_mib()["Rss"],
                "pss_after_load_mib": after_load["Pss"],
                "p50_ms": report.percentile(latencies, 50),
                "p99_ms": report.percentile(latencies, 99),
                "max_ms": report.percentile(latencies, 100),
            }
        ),
        flush=True,
    )


def memory(figures: dict[str, float]) -> str:
    """Render memory."""
    return f"PSS {figures['pss_mib']:.1f} MiB, RSS {figures['rss_mib']:.1f} MiB"


def latency(figures: dict[str, float]) -> str:
    """Render latencies."""
    return " / ".join(f"{k} {figures[f'{k}_ms']:.1f} ms" for k in ("p50", "p99", "max"))


def _ages(now_ns: int, stamps: Iterator[bytes | None] | list[bytes]) -> list[float]:
    return [(now_ns - int(s)) / 1e6 for s in stamps if s is not None and s.isdigit()]


def _memory_mib() -> dict[str, float]:
    lines = Path("/proc/self/smaps_rollup").read_text().splitlines()[1:]
    return {line.split(":")[0]: int(line.split()[1]) / 1024 for line in lines}


if __name__ == "__main__":
    main()

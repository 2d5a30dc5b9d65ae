"""What the consoles of VMs cost: processor, writes to the store, memory, and keepalive's beats.

The real console worker beside a real keepalive under the least of a root, on a real Zookeeper of
this machine. A hundred VMs that print ten lines a second each, then one that prints ten thousand;
the comparison is the same worker in the same run with nothing to follow. The files are rotated at
2 MiB, as virtlogd does. `./dev bench console [--seconds 20]`.
"""

import contextlib
import os
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from bus.messages import Facts
from bus.topics import Topic
from cluster.records.log_fetch import fetch_tails
from cluster.records.log_record import of_console
from cluster.schema.layout import layout
from cluster.schema.versions import NEWEST
from cluster.store.store import Create, Store
from cluster.store.zookeeper import ZookeeperStore
from runtime.config.node import StoreSection
from runtime.deadline import Deadline
from tests.bench import report
from tests.fakes.printing_guest import PrintingGuest
from tests.memory import pss_mib
from tests.process.tiny_root import TinyRoot, tiny_root
from tests.zookeeper import is_installed, wait_until, zookeeper
from workers.console.spec import CONSOLE_WRITES
from workers.zookeeper_session import open_session

MANY, SLOWLY, FAST = 100, 10.0, 10_000.0
WIDTH = 60
BAR_MIB, BAR_BEAT_SECONDS = 25, 1.1
KEYS = layout(NEWEST)
_TICK = os.sysconf("SC_CLK_TCK")


def main() -> int:
    """Run the bench."""
    arguments = report.parser(__doc__ or "")
    arguments.add_argument("--seconds", type=float, default=20.0)
    given = arguments.parse_args()
    report.begin()
    if not is_installed():
        print("console: Zookeeper is not installed")
        return 0
    with zookeeper() as ensemble, tempfile.TemporaryDirectory() as folder, _quiet():
        store = _store(ensemble.hosts)
        with tiny_root(ensemble.hosts) as root, _told(root) as telling:
            bench = Bench(root, store, Path(folder), telling, given.seconds)
            beats: list[float] = []
            store.watch("/nodes/hv1/beat", lambda _: beats.append(time.monotonic()))
            root.start("keepalive")
            root.start("console")
            wait_until(lambda: len(beats) > 2, 30.0)
            bench.run("nothing to follow (comparison)", [], 0.0, beats)
            many = [bench.guest(f"vm{number}") for number in range(MANY)]
            bench.run(f"{MANY} VMs, {SLOWLY:g} lines/s each", many, SLOWLY, beats)
            bench.run(f"1 VM, {FAST:g} lines/s", [bench.guest("loud")], FAST, beats)
            size = pss_mib(root.processes["console"].pid)
            report.figure("console, PSS", f"{size:.1f} MiB", f"{BAR_MIB} MiB")
        store.close()
    return 0


@dataclass(slots=True)
class Bench:
    """One worker, measured several times."""

    root: TinyRoot
    store: Store
    folder: Path
    telling: dict[str, str]
    seconds: float
    guests: dict[str, PrintingGuest] = field(default_factory=dict)

    def guest(self, vm: str) -> PrintingGuest:
        """Put a VM into the tree and let the worker know of it."""
        paths = (f"/domains/{vm}", f"/domains/{vm}/console")
        self.store.apply([Create(path, b"") for path in paths], Deadline.after(5.0))
        guest = self.guests[vm] = PrintingGuest(self.folder / f"{vm}.log", width=WIDTH)
        guest.prints(1)
        return guest

    def run(
        self,
        what: str,
        guests: Sequence[PrintingGuest],
        per_second: float,
        beats: Sequence[float],
    ) -> None:
        """Let guests print for a while, and say what it cost."""
        self.telling.clear()
        self.telling.update({vm: str(g.path) for vm, g in self.guests.items() if g in guests})
        wait_until(lambda: all(number >= 1 for number in self._stored().values()), 60.0)
        pid, first_beat = self.root.processes["console"].pid, max(0, len(beats) - 1)
        before, writes, begin = _processor_seconds(pid), self._writes(), time.monotonic()
        for guest in guests:
            guest.start(per_second)
        late = self._late(per_second) if guests else _pause(self.seconds)
        took = time.monotonic() - begin
        spent, made = _processor_seconds(pid) - before, self._writes() - writes
        for guest in guests:
            guest.stop()
        print(f"\n{what}")
        report.figure("  processor", f"{100 * spent / took:.1f} % of one")
        report.figure("  writes", f"{made / took:.1f}/s", f"{CONSOLE_WRITES:g}/s")
        if guests:
            printed = sum(guest.printed for guest in guests)
            report.figure("  lines printed", f"{printed / took:.0f}/s")
            report.spread("  from printed to stored", late, "s")
            wait_until(lambda: self._is_all_stored(guests), 60.0)
            report.figure("  all lines stored or counted", "yes")
        gaps = [b - a for a, b in pairwise(beats[first_beat:])]
        report.spread("  from one beat of keepalive to the next", gaps, "s", "p99 1.1 s")

    def _late(self, per_second: float) -> list[float]:
        """Return, looked at again and again, for how long the oldest unstored line has waited."""
        late: list[float] = []
        end = time.monotonic() + self.seconds
        while time.monotonic() < end:
            printed = {vm: g.printed for vm, g in self.guests.items() if vm in self.telling}
            stored = self._stored()
            late += [max(0, printed[vm] - stored[vm]) / per_second for vm in printed]
            time.sleep(0.25)
        return late

    def _is_all_stored(self, guests: Sequence[PrintingGuest]) -> bool:
        stored = self._stored()
        return all(stored[vm] == g.printed for vm, g in self.guests.items() if g in guests)

    def _stored(self) -> Mapping[str, int]:
        logs = {vm: of_console(KEYS, vm) for vm in self.telling}
        if not logs:
            return {}
        found = fetch_tails(self.store, list(logs.values()), (), Deadline.after(5.0)).tails
        tails = {vm: found[keys] for vm, keys in logs.items()}
        return {vm: tail.next_number if tail is not None else 0 for vm, tail in tails.items()}

    def _writes(self) -> int:
        paths = [KEYS.path("vm.console.place", vm=vm) for vm in self.telling]
        found = self.store.read_many(paths, Deadline.after(5.0)) if paths else {}
        return sum(value.version + 1 for value in found.values() if value is not None)


def _pause(seconds: float) -> list[float]:
    time.sleep(seconds)
    return []


def _processor_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICK


def _store(hosts: Sequence[str]) -> ZookeeperStore:
    store = open_session(StoreSection(hosts=tuple(hosts)))
    wait_until(lambda: store.session().state == "connected")
    paths = ["/schema", "/nodes", "/nodes/hv1", "/faults", "/logs", "/logs/hv1", "/domains"]
    changes = [Create(path, b"") for path in paths]
    changes += [Create("/schema/version", str(NEWEST).encode()), Create("/nodes/hv1/beat", b"")]
    store.apply(changes, Deadline.after(5.0))
    return store


@contextlib.contextmanager
def _told(root: TinyRoot) -> Iterator[dict[str, str]]:
    """Tell once a second how the tree is and which VMs run here, as a root and a vm worker do."""
    telling: dict[str, str] = {}
    with _every(1.0, lambda: _tell(root, telling)):
        yield telling


def _tell(root: TinyRoot, telling: Mapping[str, str]) -> None:
    root.tell_tree()
    consoles = {vm: {"name": vm, "path": path} for vm, path in dict(telling).items()}
    facts = Facts(worker="vm", values={"consoles": consoles})
    root.voice.send(Topic.FACTS, "vm", facts)


@contextlib.contextmanager
def _every(seconds: float, do: Callable[[], None]) -> Iterator[None]:
    over = threading.Event()

    def run() -> None:
        while not over.wait(seconds):
            do()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep what the workers log out of the figures."""
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


if __name__ == "__main__":
    raise SystemExit(main())

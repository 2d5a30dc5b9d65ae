"""The hypervisor's adapter alone: its children beside virsh.

On the first node of the running testbed, for a guest on RBD: how soon a job's process is at work,
start and live migration as jobs beside `virsh create` and `virsh migrate --live --p2p`, how long
the guest stands still in each (from libvirt's own events on both nodes), and what watcher and
meter cost in memory. Needs `./dev up`, then `./dev bench hypervisor`.
"""

import argparse
import subprocess
import sys
import threading
import time
import uuid
from pathlib import Path
from typing import Any

from runtime.clock import SYSTEM_CLOCK
from testbed import guests
from tests.bench import report
from tests.bench.vm_bed import running_bed
from tests.memory import pss_mib
from workers.vm import jobs
from workers.vm.job_lines import Surroundings
from workers.vm.jobs import Ending, Job
from workers.vm.libvirt_hypervisor import LibvirtHypervisor

PYTHON = "/usr/lib/pvc/venv/bin/python"
NODE, OTHER, NAME = "hv1", "hv2", "bench-hypervisor"
TARGET = f"qemu+tcp://{OTHER}/system"
BACK = f"qemu+tcp://{NODE}/system"
FILE = "/run/bench-hypervisor.xml"
BOOT_SECONDS, CALM_SECONDS, SECONDS = 8.0, 1.0, 60.0
BAR_READY_MS, BAR_START_MORE, BAR_MOVE_MORE = 80, 0.3, 1.0
SUSPENDED, RESUMED = 3, 4


def main() -> int:
    """Run the benchmark and print the figures."""
    arguments = report.parser(__doc__ or "")
    arguments.add_argument("--rounds", type=int, default=8)
    arguments.add_argument("--inside", default="", help=argparse.SUPPRESS)
    given = arguments.parse_args()
    report.begin()
    if given.inside:
        _Inside(given.inside, given.rounds).run()
        return 0
    cluster = running_bed()
    node, identity = cluster.node(NODE), str(uuid.uuid4())
    guests.remove_disk(cluster, NAME)
    guests.clone_disk(cluster, NAME)
    node.write(FILE, guests.domain_xml(cluster, NAME, identity))
    words = [PYTHON, "-P", "-m", "tests.bench.hypervisor", "--inside", identity]
    try:
        done = node.run([*words, "--rounds", str(given.rounds)], timeout_seconds=1200.0)
        print(done.stdout, end="")
    finally:
        for name in (NODE, OTHER):
            cluster.node(name).run(["virsh", "destroy", NAME], check=False)
        guests.remove_disk(cluster, NAME)
    return 0


class _Inside:
    """What runs in the node."""

    def __init__(self, identity: str, rounds: int) -> None:
        self._uuid = identity
        self._rounds = rounds
        self._woken = threading.Event()
        self._hypervisor = LibvirtHypervisor(Surroundings(), self._woken.set, SYSTEM_CLOCK)
        self._pauses = _Pauses()

    def run(self) -> None:
        """Measure and print."""
        self._hypervisor.sight()
        self._hypervisor.statistics()
        self._measure_readiness()
        self._measure_starts()
        self._measure_moves()
        for kind in ("watcher", "meter"):
            size = pss_mib(_pid(f"pvcnoded: vm {kind}"))
            report.figure(f"memory of the {kind} (PSS)", f"{size:.1f} MiB")
        self._hypervisor.close()

    def _measure_readiness(self) -> None:
        took = [self._job(jobs.AbortMove(uuid=self._uuid), is_listed=False) for _ in range(10)]
        what = "a job on no VM, ordered → its process has ended"
        report.spread(what, [1000 * seconds for seconds in took], "ms", f"{BAR_READY_MS} ms")

    def _measure_starts(self) -> None:
        ours, virsh = [], []
        start = jobs.Start(
            uuid=self._uuid, xml=Path(FILE).read_text(), volumes=(f"{guests.POOL}/{NAME}_disk0",)
        )
        for _ in range(self._rounds):
            virsh.append(_timed("virsh", "-q", "create", FILE))
            self._job(jobs.Destroy(uuid=self._uuid))
            ours.append(self._job(start))
            self._job(jobs.Destroy(uuid=self._uuid))
        report.spread("virsh create → runs", virsh, "s")
        report.spread("job Start → runs", ours, "s")
        _compare("the job takes longer by (medians)", ours, virsh, BAR_START_MORE)

    def _measure_moves(self) -> None:
        move = jobs.Migrate(uuid=self._uuid, to_uri=TARGET, max_downtime_ms=300, seconds=SECONDS)
        took: dict[str, list[float]] = {"virsh": [], "job": []}
        stood: dict[str, list[float]] = {"virsh": [], "job": []}
        _timed("virsh", "-q", "create", FILE)
        time.sleep(BOOT_SECONDS)
        for _ in range(self._rounds):
            for who in took:
                self._pauses.clear()
                if who == "virsh":
                    took[who].append(_timed(*_VIRSH_MOVE, NAME, TARGET))
                else:
                    took[who].append(self._job(move))
                time.sleep(CALM_SECONDS)
                stood[who].append(1000 * self._pauses.seconds(self._uuid))
                _timed("virsh", "-q", "-c", TARGET, *_VIRSH_MOVE[2:], NAME, BACK)
                time.sleep(CALM_SECONDS)
        report.spread("virsh migrate --live --p2p → done", took["virsh"], "s")
        report.spread("job Migrate → done", took["job"], "s")
        _compare("the job takes longer by (medians)", took["job"], took["virsh"], BAR_MOVE_MORE)
        report.spread("the guest stands still, virsh", stood["virsh"], "ms", digits=0)
        report.spread("the guest stands still, job", stood["job"], "ms", digits=0)

    def _job(self, job: Job, *, is_listed: bool = True) -> float:
        began = time.monotonic()
        self._hypervisor.begin(self._uuid, job)
        while not self._is_over(is_listed):
            self._woken.wait(0.5)
            self._woken.clear()
        took = time.monotonic() - began
        self._hypervisor.forget(self._uuid)
        return took

    def _is_over(self, is_listed: bool) -> bool:
        states = self._hypervisor.jobs()
        if not is_listed:
            return not self._hypervisor._aborts
        state = states[self._uuid]
        if state.ending not in (None, Ending.DONE, Ending.LEFT):
            raise RuntimeError(f"{state.ending}: {state.reason}")
        return state.ending is not None


_VIRSH_MOVE = ("virsh", "-q", "migrate", "--live", "--p2p")


class _Pauses:
    """How long a guest stood still, by the lifecycle events of both libvirts."""

    def __init__(self) -> None:
        import libvirt

        libvirt.virEventRegisterDefaultImpl()
        threading.Thread(target=self._run, args=(libvirt,), daemon=True).start()
        self._events: list[tuple[float, str, int]] = []
        self._connections = {
            who: libvirt.open(uri) for who, uri in (("here", None), ("there", TARGET))
        }
        for who, connection in self._connections.items():
            connection.domainEventRegisterAny(
                None, libvirt.VIR_DOMAIN_EVENT_ID_LIFECYCLE, self._note, who
            )

    def clear(self) -> None:
        """Begin anew."""
        self._events.clear()

    def seconds(self, identity: str) -> float:
        """Return the time between the stop at the source and the start at the target."""
        began = max(at for at, who, kind in self._events if (who, kind) == ("here", SUSPENDED))
        ended = max(at for at, who, kind in self._events if (who, kind) == ("there", RESUMED))
        return ended - began

    def _note(self, _connection: Any, _domain: Any, kind: int, _detail: int, who: str) -> None:
        self._events.append((time.monotonic(), who, kind))

    def _run(self, libvirt: Any) -> None:
        while True:
            libvirt.virEventRunDefaultImpl()


def _timed(*argv: str) -> float:
    began = time.monotonic()
    subprocess.run(argv, check=True, timeout=SECONDS, stdout=sys.stderr)
    return time.monotonic() - began


def _compare(what: str, ours: list[float], theirs: list[float], bar: float) -> None:
    more = report.percentile(ours, 50) - report.percentile(theirs, 50)
    report.figure(what, f"{more:.2f} s", f"{bar} s")


def _pid(title: str) -> int:
    """Return the process of this benchmark with a title."""
    found = subprocess.run(["pgrep", "-f", f"^{title}"], capture_output=True, text=True, check=True)
    mine = f"PPid:\t{Path('/proc/self').resolve().name}"
    return next(
        int(pid) for pid in found.stdout.split() if mine in Path(f"/proc/{pid}/status").read_text()
    )


if __name__ == "__main__":
    raise SystemExit(main())

"""Keepalive's cadence as a peer sees it, with everything else on the machine misbehaving.

A real keepalive and console under the least of a root, on a real Zookeeper of this machine; both
cores busy, the bus flooded with lines and facts, console stopped and let go again and again. The
peer is an own session that watches the beat; it and Zookeeper stand for other nodes, so they are
given a nice value of -10 where that is permitted. `./dev bench cadence [--seconds 600]`; with
`--as-container` keepalive is refused a real-time place, as some containers do, and has its nice
value only. The variant on the testbed's nodes is another benchmark.
"""

import contextlib
import multiprocessing
import os
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path

from bus.messages import Facts, Line
from bus.publisher import Publisher
from bus.subscriber import Subscriber
from bus.topics import Topic, address
from cluster.store.store import Create
from runtime.clock import SYSTEM_CLOCK, later
from runtime.config.node import StoreSection
from runtime.deadline import Deadline
from supervisor.process import SpawnLauncher, command_of
from tests.bench import report
from tests.memory import pss_mib
from tests.process.tiny_root import TinyRoot, tiny_root
from tests.zookeeper import Ensemble, wait_until, zookeeper
from workers.spec import WorkerSpec
from workers.zookeeper_session import open_session

BAR_P999, BAR_LONGEST = 1.1, 2.0
FLOOD_PER_SECOND = 10_000
_MINE = multiprocessing.get_context("spawn")
_REFUSED = (
    "import os, runpy, sys\n"
    "def refuse(*_): raise PermissionError\n"
    "os.sched_setscheduler = refuse\n"
    "sys.argv = ['workers.keepalive']\n"
    "runpy.run_module('workers.keepalive', run_name='__main__')\n"
)


def main() -> int:
    """Run the benchmark and print the figures."""
    arguments = report.parser(__doc__ or "")
    arguments.add_argument("--seconds", type=float, default=600.0)
    arguments.add_argument("--as-container", action="store_true")
    arguments.add_argument("--quiet", action="store_true", help="nothing else runs: the comparison")
    given = arguments.parse_args()
    report.begin()
    with zookeeper() as ensemble, tiny_root(ensemble.hosts) as root, ExitStack() as stack:
        stack.enter_context(_lines_aside())
        for pid in (0, ensemble.members[0].pid):
            _prefer(pid)
        times = stack.enter_context(_peer(ensemble))
        root.start("keepalive", launcher=SpawnLauncher(_command(given.as_container)))
        root.start("console")
        stack.enter_context(_teller(root))
        if not given.quiet:
            _make_noise(stack, root)
        wait_until(lambda: len(times) >= 3, 30.0)
        first = len(times)
        late = _lateness(root.config.directories.runtime, given.seconds)
        pids = {worker: process.pid for worker, process in root.processes.items()}
        _report(times[first:], late, pids)
    return 0


@contextlib.contextmanager
def _lines_aside() -> Iterator[None]:
    """Keep what the workers log out of the figures; show it when the benchmark fails."""
    kept = os.dup(2)
    with tempfile.TemporaryFile() as lines:
        os.dup2(lines.fileno(), 2)
        try:
            yield
        except BaseException:
            lines.seek(0)
            os.write(kept, lines.read())
            raise
        finally:
            os.dup2(kept, 2)
            os.close(kept)


def _prefer(pid: int) -> None:
    tasks = [int(task.name) for task in Path(f"/proc/{pid or 'self'}/task").iterdir()]
    with contextlib.suppress(PermissionError):
        for task in tasks:
            os.setpriority(os.PRIO_PROCESS, task, -10)


def _report(times: Sequence[float], late: Sequence[float], pids: dict[str, int]) -> None:
    gaps = [b - a for a, b in pairwise(times)]
    furthest = max(abs(t % 1.0 - 0.5) for t in times)
    took = times[-1] - times[0]
    print(f"{len(times)} beats seen by a peer in {took:.0f} s")
    report.spread("from one beat to the next", gaps, "s", f"none >= {BAR_LONGEST} s", digits=4)
    p999 = report.percentile(gaps, 99.9)
    report.figure("  its p99.9", f"{p999:.4f} s", f"{BAR_P999} s")
    milliseconds = [seconds * 1000 for seconds in late]
    report.spread("of that keepalive itself, in its slot", milliseconds, "ms")
    report.figure("drift over the run", f"{took - round(took):+.4f} s")
    report.figure("two beats in one interval", f"{sum(gap < 0.5 for gap in gaps)}")
    report.figure("earliest arrival in a slot", f"{0.5 - furthest:.4f} s from its edge")
    for worker, pid in pids.items():
        with contextlib.suppress(OSError):
            report.figure(f"{worker}, PSS", f"{pss_mib(pid):.1f} MiB")


def _lateness(runtime: Path, seconds: float) -> list[float]:
    """Let time pass; returns how late in each slot keepalive's round came, by its own time."""
    ears = Subscriber(runtime, [address(Topic.BEAT, "keepalive")])
    end, first = later(SYSTEM_CLOCK.now(), seconds), dict[int, float]()
    while SYSTEM_CLOCK.now() < end:
        for envelope in ears.receive(end):
            first.setdefault(int(envelope.at), envelope.at % 1.0)
    ears.close()
    # We joined somewhere in the middle of the first slot.
    return list(first.values())[1:]


@contextlib.contextmanager
def _peer(ensemble: Ensemble) -> Iterator[list[float]]:
    """Watch the beat as another node would; yields when each came."""
    store = open_session(StoreSection(hosts=tuple(ensemble.hosts)))
    wait_until(lambda: store.session().state == "connected")
    paths = ["/schema", "/nodes", "/nodes/hv1", "/faults", "/logs", "/logs/hv1"]
    changes = [Create(path, b"") for path in paths]
    changes += [Create("/schema/version", b"16"), Create("/nodes/hv1/beat", b"")]
    store.apply(changes, Deadline.after(5.0))
    times: list[float] = []
    store.watch("/nodes/hv1/beat", lambda _: times.append(time.monotonic()))
    yield times
    store.close()


def _command(as_container: bool) -> Callable[[WorkerSpec], Sequence[str]]:
    def command(spec: WorkerSpec) -> Sequence[str]:
        return (sys.executable, "-P", "-c", _REFUSED) if as_container else command_of(spec)

    return command


@contextlib.contextmanager
def _teller(root: TinyRoot) -> Iterator[None]:
    """Tell how the tree is once a second, as a root does."""
    ended = threading.Event()

    def tell() -> None:
        while not ended.wait(1.0):
            root.tell_tree()

    thread = threading.Thread(target=tell, daemon=True)
    thread.start()
    yield
    ended.set()
    thread.join()


def _make_noise(stack: ExitStack, root: TinyRoot) -> None:
    runtime = root.config.directories.runtime
    console = root.processes["console"].pid
    for _ in range(os.cpu_count() or 1):
        _start(stack, _spin)
    _start(stack, _flood, runtime)
    _start(stack, _stop_and_go, console)
    stack.callback(os.kill, console, signal.SIGCONT)


def _start(stack: ExitStack, target: Callable[..., None], *arguments: object) -> None:
    process = _MINE.Process(target=target, args=arguments, daemon=True)
    process.start()

    def end() -> None:
        process.kill()
        process.join()

    stack.callback(end)


def _spin() -> None:
    os.setpriority(os.PRIO_PROCESS, 0, 0)
    while True:
        pass


def _flood(runtime: Path) -> None:
    os.setpriority(os.PRIO_PROCESS, 0, 0)
    publisher = Publisher(runtime, "noise")
    publisher.wait_until_heard(Topic.LOG, later(SYSTEM_CLOCK.now(), 10.0))
    line = Line(worker="noise", at="2030-01-01T00:00:00.000+00:00", level="info", text="x" * 100)
    facts = Facts(worker="noise", values={str(n): n for n in range(50)})
    while True:
        for _ in range(FLOOD_PER_SECOND // 200):
            publisher.send(Topic.LOG, "noise", line)
            publisher.send(Topic.FACTS, "noise", facts)
        time.sleep(0.01)


def _stop_and_go(pid: int) -> None:
    while True:
        for number in (signal.SIGSTOP, signal.SIGCONT):
            os.kill(pid, number)
            time.sleep(1.5)


if __name__ == "__main__":
    raise SystemExit(main())

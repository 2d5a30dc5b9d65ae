"""How soon a killed worker beats again, and how soon a stopped one is replaced.

Runs the real root with its real workers in a temporary folder, beside a real Zookeeper where one is
installed. The comparison is a bare interpreter that is executed and waited for in the same run:
no restart of a Python worker can be faster than that.
"""

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from bus.messages import Beat
from bus.subscriber import Subscriber
from bus.topics import Topic
from runtime.clock import SYSTEM_CLOCK, later
from tests.bench import report
from tests.process.real_root import REPOSITORY, RealRoot
from tests.zookeeper import is_installed, zookeeper
from workers.catalogue import CATALOGUE
from workers.spec import WorkerSpec

ROOT = REPOSITORY / "tests" / "process" / "real_workers_root.py"


def main() -> int:
    """Run the bench."""
    parser = report.parser(__doc__ or "")
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--stops", type=int, default=10)
    options = parser.parse_args()
    report.begin()
    with _store() as (port, store), _tree(port) as root:
        print(f"{options.rounds} rounds each, {store}; until the successor's first beat")
        ears = root.ears(Topic.BEAT)
        for spec in CATALOGUE:
            times = [_kill(root, ears, spec) for _ in range(options.rounds)]
            report.spread(f"{spec.name} killed", times, "s", "p99 <= 0.5 s", digits=3)
        bare = [_bare() for _ in range(options.rounds)]
        report.spread("comparison: python -c pass", bare, "s", digits=3)
        for spec in CATALOGUE:
            times = [_stop(root, ears, spec) for _ in range(max(1, options.stops))]
            bar = spec.beat_timeout_seconds + 1
            report.spread(f"{spec.name} stopped", times, "s", f"each <= {bar:g} s", digits=3)
        ears.close()
    return 0


@contextlib.contextmanager
def _store() -> Iterator[tuple[int, str]]:
    if not is_installed():
        yield 1, "Zookeeper away"
        return
    with zookeeper() as ensemble:
        yield int(ensemble.hosts[0].rpartition(":")[2]), "Zookeeper of one member"


@contextlib.contextmanager
def _tree(port: int) -> Iterator[RealRoot]:
    root = RealRoot([], port=port)
    try:
        yield root.start((str(ROOT), str(root.where / "state")), MALLOC_ARENA_MAX="2")
    finally:
        root.close()


def _kill(root: RealRoot, ears: Subscriber, spec: WorkerSpec) -> float:
    pid, incarnation = _settled(root, ears, spec)
    # Anywhere in its round, not always right after a beat.
    time.sleep(0.4 + random.random() * 0.4)
    began = SYSTEM_CLOCK.now()
    os.kill(pid, signal.SIGKILL)
    return root.next_beat(ears, spec.name, incarnation, 20.0) - began


def _stop(root: RealRoot, ears: Subscriber, spec: WorkerSpec) -> float:
    pid, incarnation = _settled(root, ears, spec)
    time.sleep(random.random() * 0.5)
    began = SYSTEM_CLOCK.now()
    os.kill(pid, signal.SIGSTOP)
    return root.next_beat(ears, spec.name, incarnation, 20.0) - began


def _settled(root: RealRoot, ears: Subscriber, spec: WorkerSpec) -> tuple[int, int]:
    """Return process and incarnation of a worker that beats now."""
    end = later(SYSTEM_CLOCK.now(), 30.0)
    while SYSTEM_CLOCK.now() < end:
        for envelope in ears.receive(end):
            beat = envelope.message
            if isinstance(beat, Beat) and beat.worker == spec.name:
                return _pid(root, spec.title), beat.incarnation
    raise AssertionError(f"{spec.name} does not beat\n{root.log()}")


def _pid(root: RealRoot, title: str) -> int:
    for pid in root.children():
        with contextlib.suppress(OSError):
            if Path(f"/proc/{pid}/cmdline").read_bytes().rstrip(b"\0 ").decode() == title:
                return pid
    raise AssertionError(f"no process {title}\n{root.log()}")


def _bare() -> float:
    began = time.monotonic()
    subprocess.run([sys.executable, "-c", "pass"], check=True)
    return time.monotonic() - began


if __name__ == "__main__":
    sys.exit(main())

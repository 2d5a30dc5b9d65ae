"""A real root in a temporary folder, as tests and benchmarks start and look at it."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from bus.messages import Beat, Facts
from bus.subscriber import Subscriber
from bus.topics import Topic
from runtime.clock import SYSTEM_CLOCK, later

REPOSITORY = Path(__file__).resolve().parent.parent.parent
SMALL_ROOT = REPOSITORY / "tests" / "process" / "small_root.py"

CONFIG = """
pvc:
  node: localhost
  cluster:
    coordinators: [localhost]
    zookeeper: {{port: {port}}}
    networks:
      upstream:
        {{domain: up.example.com, network: 10.100.0.0/24, floating_ip: 10.100.0.250/24,
         gateway: 10.100.0.254}}
      cluster: {{domain: cl.example.com, network: 10.100.1.0/24, floating_ip: 10.100.1.250/24}}
      storage: {{domain: st.example.com, network: 10.100.2.0/24, floating_ip: 10.100.2.250/24}}
  functions:
    enable_networking: false
  system:
    configuration:
      directories:
        dynamic_directory: {directory}/run
"""


class RealRoot:
    """One root and its tree."""

    def __init__(
        self, workers: Sequence[dict[str, object]], *, port: int = 2181, **patience: float
    ) -> None:
        self.where = Path(tempfile.mkdtemp(prefix="pvc-root-"))
        self.config = self.where / "pvcnoded.yaml"
        self.config.write_text(CONFIG.format(directory=self.where, port=port))
        (self.where / "plan.json").write_text(
            json.dumps({"workers": list(workers), "patience": patience})
        )
        self._log = (self.where / "log").open("w")
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, command: Sequence[str] = (), **environment: str) -> "RealRoot":
        chosen = command or (str(SMALL_ROOT), str(self.where / "plan.json"))
        kept = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
        self.process = subprocess.Popen(
            [sys.executable, "-P", *chosen, "--config", str(self.config)],
            env={**kept, "PYTHONPATH": str(REPOSITORY), **environment},
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            process_group=0,
        )
        return self

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    def signal(self, number: int) -> None:
        os.kill(self.pid, number)

    def wait(self, seconds: float) -> int:
        assert self.process is not None
        return self.process.wait(seconds)

    def log(self) -> str:
        return (self.where / "log").read_text()

    def starts(self, name: str) -> list[tuple[int, int, str, float]]:
        """Return pid, incarnation, run id and time of each start of a small worker."""
        file = self.where / f"{name}.starts"
        lines = file.read_text().splitlines() if file.exists() else []
        return [(int(p), int(i), r, float(t)) for p, i, r, t in (x.split() for x in lines)]

    def ends(self) -> list[tuple[str, str]]:
        """Return which small worker was told to end, and why, in order."""
        file = self.where / "ends"
        lines = file.read_text().splitlines() if file.exists() else []
        return [(line.split()[0], line.split()[1]) for line in lines]

    def worker_pid(self, name: str) -> int:
        return self.starts(name)[-1][0]

    def children(self) -> list[int]:
        return children_of(self.pid)

    def ears(self, *topics: str) -> Subscriber:
        return Subscriber(self.where / "run", list(topics))

    def facts(self, seconds: float = 5.0) -> dict[str, object]:
        """Return what the root says next of its tree."""
        ears = self.ears(Topic.FACTS)
        end = later(SYSTEM_CLOCK.now(), seconds)
        try:
            while SYSTEM_CLOCK.now() < end:
                for envelope in ears.receive(end):
                    if envelope.sender == "supervisor" and isinstance(envelope.message, Facts):
                        return dict(envelope.message.values)
        finally:
            ears.close()
        raise AssertionError("no facts of the root")

    def next_beat(self, ears: Subscriber, name: str, after: int, seconds: float) -> float:
        """Return when a beat of a later incarnation than `after` came."""
        end = later(SYSTEM_CLOCK.now(), seconds)
        while SYSTEM_CLOCK.now() < end:
            for envelope in ears.receive(end):
                beat = envelope.message
                if isinstance(beat, Beat) and beat.worker == name and beat.incarnation > after:
                    return SYSTEM_CLOCK.now()
        raise AssertionError(f"no beat of {name} after incarnation {after}\n{self.log()}")

    def close(self) -> None:
        if self.process is not None and self.process.poll() is None:
            for pid in self.children():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGCONT)
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGCONT)
            self.process.kill()
            self.process.wait()
        self._log.close()
        shutil.rmtree(self.where, ignore_errors=True)


@contextlib.contextmanager
def real_root(workers: Sequence[dict[str, object]], **patience: float) -> Iterator[RealRoot]:
    root = RealRoot(workers, port=2181, **patience)
    try:
        yield root.start()
    finally:
        root.close()


def eventually(claim: Callable[[], bool], seconds: float, root: RealRoot | None = None) -> None:
    """Wait until a claim is true."""
    end = time.monotonic() + seconds
    while not claim():
        if time.monotonic() > end:
            raise AssertionError(f"not true within {seconds} s\n{root.log() if root else ''}")
        time.sleep(0.02)


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in "ZX"


def children_of(pid: int) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError, IndexError):
                if int((entry / "stat").read_text().rpartition(")")[2].split()[1]) == pid:
                    found.append(int(entry.name))
    return found

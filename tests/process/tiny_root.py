"""The least of a root: the bus, and one or more real workers as processes of their own."""

import contextlib
import json
import os
import shutil
import signal
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from bus.forwarder import Forwarder
from bus.messages import Beat, ChildState, Envelope, Facts, Message, Stop, StopReason, TreeState
from bus.publisher import Publisher
from bus.subscriber import Subscriber
from bus.topics import Topic
from runtime.clock import SYSTEM_CLOCK, later
from runtime.config.node import (
    Directories,
    FencingSection,
    LoggingSection,
    NodeConfig,
    StoreSection,
)
from runtime.config.timing import Timing
from supervisor.process import ChildProcess, Process, SpawnLauncher
from workers.catalogue import CATALOGUE
from workers.orders import WorkerOrders

SPECS = {spec.name: spec for spec in CATALOGUE}
NODE = "hv1"


def node_config(runtime: Path, hosts: Sequence[str], **timing: float) -> NodeConfig:
    """Return the configuration of node hv1 with its socket directory at `runtime`."""
    return NodeConfig(
        node=NODE,
        debug=False,
        coordinators=(NODE,),
        networks={},
        store=StoreSection(hosts=tuple(hosts)),
        timing=replace(Timing(), **timing),  # type: ignore[arg-type]
        fencing=FencingSection(),
        logging=LoggingSection(),
        directories=Directories(runtime=runtime, state=runtime),
    )


class TinyRoot:
    """Starts workers and listens to the bus; the test says what it tells them."""

    def __init__(self, folder: Path, hosts: Sequence[str], **timing: float) -> None:
        self.config = node_config(folder / "run", hosts, **timing)
        self.forwarder = Forwarder(self.config.directories.runtime)
        self.forwarder.start()
        self.voice = Publisher(self.config.directories.runtime, "supervisor")
        self.ears = Subscriber(self.config.directories.runtime, list(Topic))
        self.processes: dict[str, ChildProcess] = {}
        self._incarnation = 0

    def start(self, worker: str, *, launcher: SpawnLauncher | None = None) -> ChildProcess:
        """Execute a worker as the supervisor would."""
        self._incarnation += 1
        orders = WorkerOrders(
            worker=worker,
            root_pid=os.getpid(),
            incarnation=self._incarnation,
            schema_version=16,
            run_id="run-1",
            config=self.config,
        )
        process: Process = (launcher or SpawnLauncher()).start(SPECS[worker], orders)
        assert isinstance(process, ChildProcess)
        self.processes[worker] = process
        return process

    def tell_tree(
        self, tree: TreeState = TreeState.RUNNING, workers: Mapping[str, Any] | None = None
    ) -> None:
        """Send facts.supervisor."""
        children = workers or {
            name: {"state": ChildState.RUNNING, "pid": p.pid, "restarts": 0, "reason": ""}
            for name, p in self.processes.items()
        }
        values = {"tree": tree, "schema": "", "workers": children}
        self.voice.send(Topic.FACTS, "supervisor", Facts(worker="supervisor", values=values))

    def stop(self, worker: str, reason: StopReason) -> None:
        """Ask a worker to end, once."""
        self.voice.send(Topic.CONTROL, worker, Stop(worker=worker, reason=reason))

    def hear(self, seconds: float, enough: Callable[[Message], bool]) -> list[Envelope]:
        """Return what was heard until a message was enough; fails after `seconds`."""
        end = later(SYSTEM_CLOCK.now(), seconds)
        heard: list[Envelope] = []
        while SYSTEM_CLOCK.now() < end:
            for envelope in self.ears.receive(end):
                heard.append(envelope)
                if enough(envelope.message):
                    return heard
        raise AssertionError(f"not heard within {seconds} s; heard {heard[-5:]}")

    def beat(self, worker: str, seconds: float = 5.0) -> Beat:
        """Return the next beat of a worker's present incarnation."""
        newest = self._incarnation

        def is_it(message: Message) -> bool:
            return isinstance(message, Beat) and (message.worker, message.incarnation) == (
                worker,
                newest,
            )

        beat = self.hear(seconds, is_it)[-1].message
        assert isinstance(beat, Beat)
        return beat

    def ended(self, worker: str, seconds: float = 5.0) -> int:
        """Return how a worker ended; fails when it does not in time."""
        end = time.monotonic() + seconds
        while (code := self.processes[worker].collect()) is None:
            if time.monotonic() > end:
                raise AssertionError(f"{worker} has not ended within {seconds} s")
            time.sleep(0.005)
        del self.processes[worker]
        return code

    def close(self) -> None:
        """End everything."""
        for worker, process in list(self.processes.items()):
            process.kill()
            with contextlib.suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGCONT)
            self.ended(worker)
        self.voice.close()
        self.ears.close()
        self.forwarder.stop()


@contextlib.contextmanager
def tiny_root(hosts: Sequence[str], **timing: float) -> Iterator[TinyRoot]:
    """Run a tiny root for a `with` block."""
    folder = Path(tempfile.mkdtemp(prefix="pvc-root-"))
    root = TinyRoot(folder, hosts, **timing)
    try:
        yield root
    finally:
        root.close()
        shutil.rmtree(folder, ignore_errors=True)


def parse(data: bytes) -> Any:
    """Return a JSON value."""
    return json.loads(data)

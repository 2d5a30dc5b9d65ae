"""What the benchmarks with real guests share: the running testbed, libvirt's events with times."""

import contextlib
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from testbed import nspawn
from testbed.cluster import Cluster
from testbed.node import Node
from tests.integration.processes import all_run

_LINE = re.compile(r"^(\S+ \S+): event 'lifecycle' for domain '?([^:']+)'?: (\w+) ?(.*)$")
HEALTHY_SECONDS = 60.0
LISTEN_SECONDS = 900
_END_SECONDS = 5.0


def running_bed() -> Cluster:
    """Return the running testbed; without one the benchmark ends with what to do."""
    cluster = Cluster.running(os.environ.get("PVC_TESTBED_NAME", "pvc"))
    if cluster is None:
        print("no testbed is running; first: sudo ./dev up", file=sys.stderr)
        raise SystemExit(1)
    cluster.wait_until(lambda: all_run(cluster), HEALTHY_SECONDS, "all nodes to run")
    return cluster


@dataclass(frozen=True, slots=True)
class Event:
    """One lifecycle event of a domain."""

    at: float
    """Seconds since the epoch: all nodes and this program share one clock."""
    name: str
    kind: str
    detail: str


class Events:
    """libvirt's lifecycle events on one node, as they come."""

    def __init__(self) -> None:
        self._news = threading.Condition()
        self._events: list[Event] = []

    def add(self, event: Event) -> None:
        """Note one."""
        with self._news:
            self._events.append(event)
            self._news.notify_all()

    def wait(self, name: str, kind: str, since: float, seconds: float) -> Event:
        """Return the first event of this kind of a domain after a time."""

        def first() -> Event | None:
            return next(
                (e for e in self._events if e.at >= since and e.name == name and e.kind == kind),
                None,
            )

        with self._news:
            self._news.wait_for(first, seconds)
            found = first()
        if found is None:
            raise TimeoutError(f"no event {kind} of {name} within {seconds:g} s")
        return found


@contextlib.contextmanager
def events_of(node: Node) -> Iterator[Events]:
    """Listen to a node's libvirt for a while."""
    listen = ["virsh", "event", "--loop", "--timestamp", "--event", "lifecycle"]
    # virsh is not our child but the node's: it ends by itself when nobody has ended it.
    argv = node.command(["timeout", str(LISTEN_SECONDS), *listen])
    events = Events()
    process = subprocess.Popen(
        ["stdbuf", "-oL", *argv],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        stdin=subprocess.DEVNULL,
        text=True,
        env={**os.environ, **nspawn.environment_in()},
    )
    # It reads for as long as virsh runs, which may be longer than we do.
    threading.Thread(target=_read, args=(process, events), daemon=True).start()
    try:
        yield events
    finally:
        process.kill()
        process.wait(_END_SECONDS)


def _read(process: "subprocess.Popen[str]", events: Events) -> None:
    for line in process.stdout or ():
        if found := _LINE.match(line.strip()):
            at, name, kind, detail = found.groups()
            events.add(Event(datetime.fromisoformat(at).timestamp(), name, kind, detail))

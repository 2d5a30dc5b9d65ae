"""What a peer sees of a node's beats: when each arrived, by the observer's own clock."""

import itertools
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from cluster.schema.layout import layout
from cluster.schema.versions import NEWEST
from cluster.store.zookeeper import ZookeeperStore
from runtime.clock import SYSTEM_CLOCK, Instant
from runtime.config.node import StoreSection
from runtime.deadline import Deadline
from testbed.cluster import Cluster
from testbed.node import ZOOKEEPER_PORT


class BeatsSeen:
    """Collects the times at which a node's beat moved."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._times: list[Instant] = []

    def note(self, path: str | None) -> None:
        """Take a change; None (a reconnect of ours) says nothing about the node."""
        if path is not None:
            with self._lock:
                self._times.append(SYSTEM_CLOCK.now())

    def times(self) -> list[Instant]:
        """Return the times so far."""
        with self._lock:
            return list(self._times)

    def gaps(self) -> list[float]:
        """Return the seconds between consecutive beats."""
        times = self.times()
        return [later - earlier for earlier, later in itertools.pairwise(times)]

    def has_beaten(self, times: int, since: Instant) -> bool:
        """Whether so many beats have arrived after an instant."""
        return sum(1 for time in self.times() if time > since) >= times


@contextmanager
def observer(cluster: Cluster, node: str, *, ask: str | None = None) -> Iterator[BeatsSeen]:
    """Watch a node's beat through a Zookeeper member (by default not the node's own)."""
    others = [n for n in cluster.coordinators if n.name != node] or cluster.coordinators
    members = [n for n in cluster.coordinators if n.name == ask] if ask else others
    hosts = tuple(f"{n.addresses['upl']}:{ZOOKEEPER_PORT}" for n in members)
    store = ZookeeperStore(StoreSection(hosts=hosts), SYSTEM_CLOCK)
    store.start()
    seen = BeatsSeen()
    try:
        path = layout(NEWEST).path("node.beat", node=node)
        store.watch(path, seen.note)
        assert store.read(path, Deadline.after(10)) is not None
        yield seen
    finally:
        store.close()

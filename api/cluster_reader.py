"""The nouns as this API sees them, read from the mirror of the tree; never from Zookeeper."""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from api.candidates import candidates
from api.health import cluster_health, faults_of_node
from api.liveness import BeatWatch
from api.memo import Listing, Memo
from api.seen import Overview, SeenNode
from api.seen_vm import SeenVm
from api.vm_cache import StampedView, VmCache
from cluster.lifecycle.node import daemon_state
from cluster.model.cluster import Cluster
from cluster.model.fault import Fault
from cluster.model.log import Log
from cluster.model.node import DaemonState, Node
from cluster.model.osd import Osd
from cluster.model.task import Task
from cluster.model.vm import Selector, Vm
from cluster.placement import Candidate
from cluster.records import (
    cluster_record,
    fault_record,
    log_record,
    node_record,
    osd_record,
    task_record,
    vm_record,
)
from cluster.records.flush_record import read_flush
from cluster.records.view import TreeView
from cluster.schema import codec
from cluster.schema.layout import Layout
from runtime.clock import Clock, Instant
from runtime.version import VERSION

_T = TypeVar("_T")


class ClusterReader:
    """Answers what the cluster is like now."""

    def __init__(
        self,
        view: StampedView,
        layout: Layout,
        beats: BeatWatch,
        clock: Clock,
        *,
        revision: Callable[[], int],
        dead_after_seconds: float,
    ) -> None:
        self._view = view
        self._layout = layout
        self._beats = beats
        self._clock = clock
        self._revision = revision
        self._dead_after_seconds = dead_after_seconds

        def listing(
            parent: str,
            read: Callable[[TreeView, Layout, str], _T | None],
            order: Callable[[_T], Any],
        ) -> Listing[_T]:
            return Listing(layout.path(parent), lambda view, name: read(view, layout, name), order)

        self._nodes = listing("nodes", node_record.read, lambda node: node.name)
        self._faults = listing("faults", fault_record.read, lambda fault: fault.id)
        self._tasks = listing("tasks", task_record.read, lambda task: task.id)
        self._osds = listing("osds", osd_record.read, lambda osd: (len(osd.id), osd.id))
        self._cluster = Memo(lambda view, _: cluster_record.read(view, layout))
        self._vms = VmCache(view, layout)
        self._plain: tuple[tuple[SeenVm, ...], tuple[Vm, ...]] = ((), ())
        self._running: tuple[tuple[Vm, ...], dict[str, list[str]]] = ((), {})

    def node(self, name: str) -> SeenNode | None:
        """Return one node, None when there is none of this name."""
        return next((seen for seen in self.nodes() if seen.node.name == name), None)

    def nodes(self) -> list[SeenNode]:
        """Return all nodes by name."""
        faults, running, now = self.faults(), self._running_by_node(), self._clock.now()
        return [
            self._seen(node, faults, running.get(node.name, ()), now)
            for node in self._nodes.get(self._view, self._revision())
        ]

    def beats(self) -> dict[str, str]:
        """Return the beat of each node."""
        return {node.name: node.beat for node in self._nodes.get(self._view, self._revision())}

    def faults(self) -> tuple[Fault, ...]:
        """Return all faults by id."""
        return self._faults.get(self._view, self._revision())

    def tasks(self) -> tuple[Task, ...]:
        """Return all tasks by id."""
        return self._tasks.get(self._view, self._revision())

    def vms(self) -> tuple[Vm, ...]:
        """Return all VMs by name, as lists and counts need them."""
        seen, plain = self._vms.all(), self._plain
        if plain[0] is not seen:
            found = tuple(one.vm for one in seen)
            plain = self._plain = seen, plain[1] if _are_same(plain[1], found) else found
        return plain[1]

    def seen_vms(self) -> tuple[SeenVm, ...]:
        """Return all VMs by name."""
        return self._vms.all()

    def vm(self, name: str) -> SeenVm | None:
        """Return the VM of this name or UUID, None when there is none."""
        return self._vms.find(name)

    def osds(self) -> tuple[Osd, ...]:
        """Return all OSDs by number."""
        return self._osds.get(self._view, self._revision())

    def cluster(self) -> Cluster:
        """Return what is kept of the cluster as a whole."""
        return self._cluster.get(self._view, "")

    def selector(self) -> Selector:
        """Return by what nodes are chosen for VMs that leave it open."""
        data = self._view.get(self._layout.path("cluster.target_selector"))
        return codec.read_enum(Selector, data) or Selector.NONE

    def candidates(self) -> tuple[Candidate, ...]:
        """Return the nodes as places for VMs."""
        return candidates(self.nodes(), self.seen_vms())

    def log(self, node: str, *, last: int | None, start: int = 0) -> Log:
        """Return a node's log lines from number `start` on, of these the last so many."""
        keys = log_record.of_node(self._layout, node)
        found = log_record.read(self._view, keys, last=last, start=start)
        return Log() if found is None else found

    def overview(self) -> Overview:
        """Return the cluster as a whole."""
        cluster, nodes = self.cluster(), self.nodes()
        versions = {seen.node.name: seen.node.version for seen in nodes}
        return Overview(
            cluster=cluster,
            nodes=tuple(nodes),
            vms=self.vms(),
            osds=self.osds(),
            faults=self.faults(),
            version=versions.get(cluster.primary_node) or VERSION,
        )

    def _running_by_node(self) -> dict[str, list[str]]:
        vms, running = self.vms(), self._running
        if running[0] is not vms:
            running = self._running = vms, vm_record.running_on(vms)
        return running[1]

    def _seen(
        self, node: Node, faults: Iterable[Fault], running_vms: Iterable[str], now: Instant
    ) -> SeenNode:
        silent_for = self._beats.silent_for(node.name, node.beat, now)
        state = daemon_state(
            node.own_state,
            node.judgement,
            beat_now=node.beat,
            is_present=node.presence is not None,
            silent_for=silent_for,
            dead_after=(node.facts and node.facts.dead_after_seconds) or self._dead_after_seconds,
        )
        own = faults_of_node(faults, node.name)
        flush = read_flush(self._view.get(self._layout.path("node.flush", node=node.name)))
        order = self._layout.path("node.wanted_domain_state", node=node.name)
        return SeenNode(
            node=node,
            daemon_state=state,
            beat_age_seconds=silent_for,
            health=cluster_health(own) if state is DaemonState.RUN else None,
            fault_ids=frozenset(fault.id for fault in own),
            running_vms=tuple(running_vms),
            flush=flush,
            is_flush_of_order=flush is not None and flush.serial == self._view.version(order),
        )


def _are_same(one: tuple[Vm, ...], other: tuple[Vm, ...]) -> bool:
    return len(one) == len(other) and all(a is b for a, b in zip(one, other, strict=True))

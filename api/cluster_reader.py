"""The nouns as this API sees them, read from the mirror of the tree; never from Zookeeper."""

from typing import TypeVar

from api.health import cluster_health, faults_of_node
from api.liveness import BeatWatch
from api.memo import Memo
from api.seen import Overview, SeenNode
from cluster.lifecycle.node import daemon_state
from cluster.model.cluster import Cluster
from cluster.model.fault import Fault
from cluster.model.log import Log
from cluster.model.node import DaemonState, Node
from cluster.model.task import Task
from cluster.model.vm import Vm
from cluster.records import (
    cluster_record,
    fault_record,
    log_record,
    node_record,
    task_record,
    vm_record,
)
from cluster.records.view import TreeView
from cluster.schema.layout import Layout
from runtime.clock import Clock
from runtime.version import VERSION

_T = TypeVar("_T")


class ClusterReader:
    """Answers what the cluster is like now."""

    def __init__(
        self,
        view: TreeView,
        layout: Layout,
        beats: BeatWatch,
        clock: Clock,
        *,
        dead_after_seconds: float,
    ) -> None:
        self._view = view
        self._layout = layout
        self._beats = beats
        self._clock = clock
        self._dead_after_seconds = dead_after_seconds
        self._nodes = Memo(lambda view, name: node_record.read(view, layout, name))
        self._faults = Memo(lambda view, name: fault_record.read(view, layout, name))
        self._tasks = Memo(lambda view, name: task_record.read(view, layout, name))
        self._vms = Memo(lambda view, uuid: vm_record.read(view, layout, uuid))
        self._cluster = Memo(lambda view, _: cluster_record.read(view, layout))

    def node(self, name: str) -> SeenNode | None:
        """Return one node, None when there is none of this name."""
        return next((seen for seen in self.nodes() if seen.node.name == name), None)

    def nodes(self) -> list[SeenNode]:
        """Return all nodes by name."""
        faults, vms = self.faults(), vm_record.running_on(self.vms())
        return [self._seen(node, faults, vms.get(node.name, [])) for node in self._all_nodes()]

    def beats(self) -> dict[str, str]:
        """Return the beat of each node."""
        return {node.name: node.beat for node in self._all_nodes()}

    def faults(self) -> list[Fault]:
        """Return all faults by id."""
        return self._all(self._faults, "faults")

    def tasks(self) -> list[Task]:
        """Return all tasks by id."""
        return self._all(self._tasks, "tasks")

    def vms(self) -> list[Vm]:
        """Return all VMs by name."""
        return sorted(self._all(self._vms, "vms"), key=lambda vm: (vm.name, vm.uuid))

    def cluster(self) -> Cluster:
        """Return what is kept of the cluster as a whole."""
        return self._cluster.get(self._view, "")

    def log(self, node: str, *, last: int | None, start: int = 0) -> Log:
        """Return a node's log lines from number `start` on, of these the last so many."""
        found = log_record.read(self._view, self._layout, node, last=last, start=start)
        return Log() if found is None else found

    def overview(self) -> Overview:
        """Return the cluster as a whole."""
        cluster, nodes = self.cluster(), self.nodes()
        versions = {seen.node.name: seen.node.version for seen in nodes}
        return Overview(
            cluster=cluster,
            nodes=tuple(nodes),
            vms=tuple(self.vms()),
            faults=tuple(self.faults()),
            version=versions.get(cluster.primary_node) or VERSION,
        )

    def _all_nodes(self) -> list[Node]:
        return self._all(self._nodes, "nodes")

    def _all(self, memo: Memo[_T | None], parent: str) -> list[_T]:
        names = sorted(self._view.children(self._layout.path(parent)) or ())
        return [found for found in memo.get_all(self._view, names) if found is not None]

    def _seen(self, node: Node, faults: list[Fault], running_vms: list[str]) -> SeenNode:
        silent_for = self._beats.silent_for(node.name, node.beat, self._clock.now())
        state = daemon_state(
            node.own_state,
            node.judgement,
            beat_now=node.beat,
            is_present=node.presence is not None,
            silent_for=silent_for,
            dead_after=self._dead_after_seconds,
        )
        own = faults_of_node(faults, node.name)
        return SeenNode(
            node=node,
            daemon_state=state,
            beat_age_seconds=silent_for,
            health=cluster_health(own) if state is DaemonState.RUN else None,
            fault_ids=frozenset(fault.id for fault in own),
            running_vms=tuple(sorted(running_vms)),
        )

"""The tree, the hypervisor and its jobs to what the vm worker sees.

Invariant: nothing is made anew that has not changed: a round in which nothing happened costs the
same with one VM and with thousands, and an unchanged VM is the same object.
"""

from collections.abc import Mapping

from cluster.model.node import DaemonState
from cluster.model.task import Task
from cluster.model.vm import VmMeta
from cluster.records import node_record, task_record
from cluster.schema.layout import Layout
from workers.vm.hypervisor import Hypervisor
from workers.vm.jobs import JobState
from workers.vm.local import LocalVm, Sight
from workers.vm.seen import NodeView, Seen, VmView
from workers.vm.tree import Copy, DetailsReader, Stored, VmTree

_NO_META = VmMeta()


class Observer:
    """Looks, and remembers what it saw."""

    def __init__(
        self,
        node: str,
        layout: Layout,
        *,
        copy: Copy,
        details: DetailsReader,
        hypervisor: Hypervisor,
    ) -> None:
        self._node = node
        self._layout = layout
        self._copy = copy
        self._hypervisor = hypervisor
        self._tree = VmTree(node, layout, copy, details)
        self._paths: frozenset[str] | None = frozenset()
        self._touched: set[str] = set()
        self._locals: Mapping[str, LocalVm] = {}
        self._jobs: Mapping[str, JobState] = {}
        self._vms: dict[str, VmView] = {}
        self._strangers: dict[str, LocalVm] = {}
        self._nodes: Mapping[str, NodeView] = {}
        self._tasks: Mapping[str, Task] = {}

    def observe(self) -> Seen:
        """Return what is there now; raises `Unavailable` when the store cannot be asked."""
        sight = self._hypervisor.sight()
        trouble = self._copy.trouble()
        if not trouble:
            self._follow_tree()
        self._follow_hypervisor(sight)
        return Seen(
            node=self._node,
            store_trouble=trouble,
            sight=sight,
            statistics=self._hypervisor.statistics(),
            vms=self._vms,
            strangers=self._strangers,
            nodes=self._nodes,
            tasks=self._tasks,
        )

    def _follow_tree(self) -> None:
        self._take_paths()
        paths = self._paths
        touched = self._tree.refresh(paths)
        self._touched |= touched
        if paths is None or touched or self._is_below(paths, "nodes"):
            self._nodes = self._read_nodes()
        if paths is None or self._is_below(paths, "tasks"):
            self._tasks = self._read_tasks()
        self._paths = frozenset()

    def _take_paths(self) -> None:
        """Add what has changed to what was not yet looked at, the store having failed us."""
        more = self._copy.take_changed()
        self._paths = None if more is None or self._paths is None else self._paths | more

    def _is_below(self, paths: frozenset[str], top: str) -> bool:
        start = f"{self._layout.path(top)}/"
        return any(path.startswith(start) for path in paths)

    def _follow_hypervisor(self, sight: Sight) -> None:
        jobs = self._hypervisor.jobs()
        there = self._locals
        if sight.vms is not there:
            self._touched |= there.keys() ^ sight.vms.keys()
            self._touched |= {u for u, local in sight.vms.items() if there.get(u) != local}
            self._locals = sight.vms
        self._touched |= jobs.keys() | self._jobs.keys()
        self._jobs = jobs
        if self._touched:
            self._remake(self._touched)
            self._touched = set()

    def _remake(self, uuids: set[str]) -> None:
        vms, strangers = dict(self._vms), dict(self._strangers)
        for uuid in uuids:
            local = self._locals.get(uuid)
            stored = self._stored(uuid)
            if stored is None:
                vms.pop(uuid, None)
            else:
                view = _view(stored, local, self._jobs.get(uuid))
                if vms.get(uuid) != view:
                    vms[uuid] = view
            if local is not None and stored is None:
                strangers[uuid] = local
            else:
                strangers.pop(uuid, None)
        self._vms, self._strangers = vms, strangers

    def _stored(self, uuid: str) -> Stored | None:
        mine = self._tree.mine.get(uuid)
        if mine is not None or (uuid not in self._locals and uuid not in self._jobs):
            return mine
        return self._tree.stored(uuid) if self._is_loaded else None

    @property
    def _is_loaded(self) -> bool:
        return bool(self._nodes)

    def _read_nodes(self) -> dict[str, NodeView]:
        views = {}
        for name, node in node_record.read_all(self._copy, self._layout).items():
            passing = {uuid: one for uuid, one in self._tree.passing.items() if one.to == name}
            running = [uuid for uuid, one in passing.items() if one.is_to_run]
            details = self._tree.details_of(running)
            sizes = [one.definition for one in details.values() if one.definition is not None]
            facts = node.facts
            memory = facts.memory if facts is not None else None
            path = self._layout.path("node.wanted_domain_state", node=name)
            views[name] = NodeView(
                name=name,
                is_alive=node.own_state is DaemonState.RUN and node.presence is not None,
                domain_state=node.domain_state,
                wanted_domain_state=node.wanted_domain_state,
                wanted_version=self._copy.version(path) or 0,
                memory_total_mb=memory.total_mb if memory is not None else 0,
                memory_free_mb=memory.free_mb if memory is not None else 0,
                memory_allocated_mb=memory.allocated_mb if memory is not None else 0,
                memory_provisioned_mb=memory.provisioned_mb if memory is not None else 0,
                vcpus_allocated=facts.vcpus_allocated if facts is not None else 0,
                vms_running=facts.vms_running if facts is not None else 0,
                cpu_count=facts.cpu_count if facts is not None else 0,
                load=facts.load if facts is not None else 0.0,
                arriving=tuple(sorted(running)),
                arriving_mb=sum(one.memory_mb for one in sizes),
                arriving_vcpus=sum(one.vcpus for one in sizes),
                receiving=sum(1 for one in passing.values() if one.is_live),
            )
        return views

    def _read_tasks(self) -> dict[str, Task]:
        return {
            task.id: task
            for task in task_record.read_all(self._copy, self._layout)
            if task.order.run_on == self._node and not task.progress.state.is_over
        }


def _view(stored: Stored, local: LocalVm | None, job: JobState | None) -> VmView:
    details = stored.details
    return VmView(
        uuid=stored.uuid,
        name=stored.name,
        wanted=stored.wanted,
        record=stored.record,
        transfer=stored.transfer,
        arrival=stored.arrival,
        meta=details.meta if details is not None else _NO_META,
        definition=details.definition if details is not None else None,
        local=local,
        job=job,
    )

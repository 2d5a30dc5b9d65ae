"""Which workers this node has, and what each is told at its start; pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from runtime.config.node import NodeConfig
from supervisor.actions import Start
from supervisor.carried import Carried
from supervisor.child import Child
from workers.orders import WorkerOrders
from workers.spec import RunsOn, WorkerSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class Roster:
    """The workers of this node, in catalogue order."""

    specs: tuple[WorkerSpec, ...]
    config: NodeConfig
    root_pid: int
    run_id: str

    def spec(self, worker: str) -> WorkerSpec:
        """Return the spec of a worker."""
        return next(spec for spec in self.specs if spec.name == worker)

    def orders(self, start: Start) -> WorkerOrders:
        """Return what a worker is told."""
        return WorkerOrders(
            worker=start.worker,
            root_pid=self.root_pid,
            incarnation=start.incarnation,
            schema_version=start.schema_version,
            run_id=self.run_id,
            config=self.config,
        )


def draw_up(catalogue: Sequence[WorkerSpec], config: NodeConfig, carried: Carried) -> Roster:
    """Choose the workers that run on this node."""
    runs = {
        RunsOn.EVERY_NODE: True,
        RunsOn.COORDINATORS: config.is_coordinator,
        RunsOn.VM_NODES: config.hypervisor.is_enabled,
    }
    specs = tuple(spec for spec in catalogue if runs[spec.runs_on])
    return Roster(specs=specs, config=config, root_pid=carried.pid, run_id=carried.run_id)


def first_children(roster: Roster, carried: Carried) -> tuple[Child, ...]:
    """Return all children before their first start."""
    return tuple(
        Child(spec=spec, incarnation=carried.incarnations.get(spec.name, 0))
        for spec in roster.specs
    )

"""Random schedules of orders and faults over three nodes, each replayable by its seed.

After every step: a VM runs on at most one node, and whoever starts it has claimed it before (the
fake hypervisor refuses anything else). In the end, when all is well again: what shall run runs
exactly once, where the record says and where it is wanted; what shall be off is off; no transfer
and no arrival is left.
"""

import os
from random import Random
from typing import Final

import pytest

from cluster.model.vm import MigrationMethod, Move, SeenState, VmMeta, Wanted, WantedState
from runtime.errors import Conflict, NotFound
from tests.fakes.vm_cluster import Cluster, Node, not_twice
from tests.fakes.vm_hosts import Fate, Libvirt
from workers.vm.jobs import Destroy, Ending, Migrate, Resume, Settle, Shutdown, Start

NODES: Final = ("hv1", "hv2", "hv3")
VMS: Final = ("vm1", "vm2", "vm3")
STEPS: Final = 400
SEEDS: Final = int(os.environ.get("PVC_SEEDS", "30"))
FIRST: Final = int(os.environ.get("PVC_FIRST_SEED", "0"))

FAULTS: Final = (
    *("kill", "bounce", "bounce", "revive", "revive", "job", "ending"),
    *("lose", "find", "find"),
    *("hang", "down", "answer", "answer", "cut", "mend", "fate", "crash", "deaf"),
)
LIBVIRTS: Final = {"hang": Libvirt.HANGS, "down": Libvirt.DOWN, "answer": Libvirt.ANSWERS}


class Schedule:
    """One random run."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.cluster = Cluster(*NODES, parallel_moves=2)
        self.cluster.world.move_seconds = self.random.choice((0.5, 2.0, 8.0))
        for name in VMS:
            method = self.random.choice(list(MigrationMethod))
            wanted = Wanted(state=WantedState.START, node=self.random.choice(NODES), serial=1)
            self.cluster.define(name, wanted, VmMeta(migration_method=method))
        self.log: list[str] = []
        self.acting: set[str] = set()
        """Nodes in the middle of a round."""
        for node in self.cluster.nodes.values():
            node.store.meddle = self.meddle

    def meddle(self) -> None:
        """Between what a worker reads and what it writes others are at work."""
        chance = self.random.random()
        if chance < 0.15:
            self.an_order()
        elif chance < 0.4:
            idle = [n for name, n in self.cluster.nodes.items() if name not in self.acting]
            if idle:
                self.a_round(self.random.choice(idle))

    def step(self) -> None:
        """One thing happens: mostly a round of a node, now and then an order or a fault."""
        chance = self.random.random()
        if chance < 0.65:
            self.a_round(self.random.choice(list(self.cluster.nodes.values())))
        elif chance < 0.78:
            self.cluster.clock.sleep(self.random.choice((0.05, 0.3, 1.0, 3.0)))
        elif chance < 0.88:
            self.an_order()
        else:
            self.a_fault()
        not_twice(self.cluster)

    def a_round(self, node: Node) -> None:
        if self.random.random() < 0.8:
            node.copy.sync()
        if self.random.random() < 0.05:
            node.acts_left = self.random.randrange(3)
        if node.name not in self.acting:
            self.acting.add(node.name)
            node.turn()
            self.acting.discard(node.name)

    def an_order(self) -> None:
        vm = self.random.choice(VMS)
        keys = self.cluster.keys(vm)
        kind = self.random.choice(("move", "move", "move", "state", "start"))
        try:
            if kind == "move":
                to = self.random.choice(NODES)
                self.note("order", vm, to)
                self.cluster.order(
                    vm,
                    state=WantedState.START,
                    node=to,
                    move=Move.MIGRATE,
                    home=keys.wanted.home or keys.seen.node,
                    home_before=keys.wanted.home,
                    is_live_only=self.random.random() < 0.3,
                    is_forced=False,
                )
            else:
                state = WantedState.START
                if kind == "state":
                    state = self.random.choice(
                        (WantedState.STOP, WantedState.SHUTDOWN, WantedState.RESTART)
                    )
                self.note("order", vm, state)
                self.cluster.order(vm, state=state, is_forced=self.random.random() < 0.2)
        except (Conflict, NotFound):
            return

    def a_fault(self) -> None:
        node = self.random.choice(list(self.cluster.nodes.values()))
        vm = self.random.choice(VMS)
        fault = self.random.choice(FAULTS)
        self.note(fault, node.name, vm)
        if fault in ("kill", "bounce", "revive", "job", "ending"):
            self.a_fault_of_processes(fault, node, vm)
        elif fault in ("lose", "find"):
            self.a_fault_of_the_store(fault, node)
        else:
            self.a_fault_of_the_world(fault, node, vm)

    def a_fault_of_processes(self, fault: str, node: Node, vm: str) -> None:
        if fault == "revive" and not node.is_up:
            node.start()
        if fault in ("kill", "bounce") and node.is_up:
            node.kill(late_starts=self.random.choice((None, 0.3, 2.5)))
            if fault == "bounce":
                node.start()
        if fault == "job":
            job = node.hypervisor.jobs().get(vm)
            if node.is_up and job is not None and job.ending is None:
                node.hypervisor.kill_job(vm)
        if fault == "ending":
            kind = self.random.choice((Start, Shutdown, Destroy, Resume, Migrate, Settle))
            is_move = kind in (Migrate, Settle)
            ending = Ending.UNCERTAIN if is_move else Ending.FAILED
            node.hypervisor.end_next(vm, kind, ending, "by the test")

    def a_fault_of_the_store(self, fault: str, node: Node) -> None:
        if fault == "find":
            node.store.resume()
        else:
            self.random.choice((node.store.suspend, node.store.expire))()

    def a_fault_of_the_world(self, fault: str, node: Node, vm: str) -> None:
        world, domains = self.cluster.world, node.hypervisor.host.domains
        match fault:
            case "hang" | "down" | "answer":
                world.set_libvirt(node.name, LIBVIRTS[fault])
            case "cut":
                world.cut(*self.random.sample(NODES, 2))
            case "mend":
                world.cuts.clear()
                world.changed()
            case "fate":
                world.fates[vm] = self.random.choice(list(Fate))
            case "crash":
                if vm in domains:
                    world.crash(node.name, vm)
            case "deaf":
                if vm in domains:
                    domains[vm].ignores_shutdown = True

    def heal(self) -> None:
        """All is well again, for as long as it takes."""
        world = self.cluster.world
        world.cuts.clear()
        world.fates.clear()
        for node in self.cluster.nodes.values():
            node.store.resume()
            world.set_libvirt(node.name, Libvirt.ANSWERS)
            if not node.is_up:
                node.start()
            node.acts_left = None
            node.store.meddle = lambda: None
            node.hypervisor._next.clear()
        world.changed()
        self.run_until_quiet()
        for vm in VMS:
            if self.cluster.seen(vm).state is SeenState.FAILED:
                self.cluster.order(vm)
        self.run_until_quiet()

    def run_until_quiet(self) -> None:
        end = self.cluster.clock.now() + 600.0
        while self.cluster.clock.now() < end:
            self.cluster.turn_all()
            not_twice(self.cluster)
            if all(self.is_settled(vm) for vm in VMS):
                return
            self.cluster.clock.sleep(0.5)

    def is_settled(self, vm: str) -> bool:
        keys, runs_on = self.cluster.keys(vm), self.cluster.world.runs_on(vm)
        if keys.transfer is not None or keys.arrival is not None:
            return False
        copies = [h.name for h in self.cluster.world.hosts.values() if vm in h.domains]
        seen, wanted = keys.seen, keys.wanted
        if wanted.state not in (WantedState.START, WantedState.RESTART):
            return seen.state is SeenState.OFF and copies == []
        if seen.state is SeenState.FAILED:
            return copies == [] and seen.serial == wanted.serial
        is_said = (seen.state, seen.node, seen.serial) == (
            SeenState.RUNNING, wanted.node, wanted.serial,
        )  # fmt: skip
        return is_said and runs_on == (wanted.node,) and copies == [wanted.node]

    def note(self, *words: object) -> None:
        self.log.append(f"{self.cluster.clock.now():.2f} {' '.join(map(str, words))}")


@pytest.mark.parametrize("seed", range(FIRST, FIRST + SEEDS))
def test_a_random_schedule(seed: int) -> None:
    schedule = Schedule(seed)
    for _ in range(STEPS):
        schedule.step()
    schedule.heal()
    for vm in VMS:
        keys = schedule.cluster.keys(vm)
        assert schedule.is_settled(vm), (keys, schedule.log)
        is_wanted = keys.wanted.state in (WantedState.START, WantedState.RESTART)
        assert not is_wanted or keys.seen.state is SeenState.RUNNING, keys.seen

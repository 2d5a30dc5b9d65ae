"""Nodes with their vm workers in one process: real decisions and real actions on a fake store, a
fake hypervisor and fake time.

Each node's copy of the tree is as old as the test lets it be; a worker can be killed before any of
its actions, and what it had begun in the hypervisor may come to pass all the same.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any, Final

from cluster.model.vm import Seen, SeenState, Selector, VmMeta, Wanted
from cluster.records.vm_keys import VmKeys
from cluster.records.vm_meta_record import meta_data
from cluster.records.vm_record import wanted_data
from cluster.schema.tree import initialise
from cluster.store.store import SessionState, Write
from runtime.clock import Instant
from tests.fakes.bus import FakeBus, FakeOutgoing
from tests.fakes.clock import FakeClock
from tests.fakes.ensemble import FakeEnsemble
from tests.fakes.hypervisor import FakeHypervisor
from tests.fakes.store import FakeStore
from tests.fakes.synthetic_cluster import node_keys
from tests.fakes.vm_scripts import Script
from tests.fakes.vm_tree import LAYOUT, keys_of, put, put_vm, soon
from tests.fakes.vm_world import World
from workers.decision import Decision
from workers.loop import Pace, Parts, Rounds
from workers.vm import vms
from workers.vm.act_vm import VmActs
from workers.vm.actions import Action
from workers.vm.jobs import Job, Start
from workers.vm.observe import Observer
from workers.vm.rules import Rules
from workers.vm.seen import Seen as Sights
from workers.vm.tools import Tools
from workers.vm.watching import StoreDetails

PEER_URI: Final = "qemu+tcp://{node}/system"


class Killed(BaseException):
    """The worker's process was killed."""


class OldCopy:
    """The tree as it was when it was brought up to date last."""

    def __init__(self, store: FakeStore, ensemble: FakeEnsemble) -> None:
        self._store = store
        self._ensemble = ensemble
        self._values: dict[str, tuple[bytes, int]] = {}
        self._names: dict[str, tuple[str, ...]] = {}

    def sync(self) -> None:
        """Bring it up to date."""
        self._values, self._names = {}, {}
        waiting = ["/domains", "/nodes", "/tasks"]
        while waiting:
            path = waiting.pop()
            value = self._ensemble.value(path)
            if value is not None:
                self._values[path] = (value.data, value.version)
                self._names[path] = self._ensemble.names(path) or ()
                waiting += [f"{path}/{name}" for name in self._names[path]]

    def get(self, path: str) -> bytes | None:
        found = self._values.get(path)
        return None if found is None else found[0]

    def children(self, path: str) -> Iterable[str] | None:
        return self._names.get(path)

    def version(self, path: str) -> int | None:
        found = self._values.get(path)
        return None if found is None else found[1]

    def take_changed(self) -> frozenset[str] | None:
        return None

    def trouble(self) -> str:
        is_there = self._store.session().state is SessionState.CONNECTED
        return "" if is_there else "no connection with the store"


class WatchedHypervisor(FakeHypervisor):
    """Refuses to let a VM start that the tree does not give to this node."""

    def __init__(self, world: World, node: str, admin: FakeStore) -> None:
        self._admin = admin
        self._node = node
        super().__init__(world, node)

    def begin(self, vm: str, job: Job) -> None:
        super().begin(vm, job)
        if isinstance(job, Start):
            seen = keys_of(self._admin, vm).seen
            assert (seen.node, seen.state) == (self._node, SeenState.STARTING), seen


class Node:
    """A node and its vm worker."""

    def __init__(self, cluster: "Cluster", name: str) -> None:
        self.cluster = cluster
        self.name = name
        self.store = FakeStore(cluster.ensemble, cluster.clock)
        self.copy = OldCopy(self.store, cluster.ensemble)
        self.acts_left: int | None = None
        """So many actions are done until the worker is killed; None: it lives."""
        self.look_again = Instant(0.0)
        self.done: list[Action] = []
        self.start()

    def start(self) -> None:
        """Begin a new life of the worker."""
        cluster = self.cluster
        self.acts_left = None
        self.hypervisor = WatchedHypervisor(cluster.world, self.name, cluster.admin)
        details = StoreDetails(self.store, LAYOUT, cluster.clock, call_seconds=2.0)
        observer = Observer(
            self.name, LAYOUT, copy=self.copy, details=details, hypervisor=self.hypervisor
        )
        tools = Tools(
            node=self.name,
            store=self.store,
            layout=LAYOUT,
            hypervisor=self.hypervisor,
            outgoing=FakeOutgoing(FakeBus(cluster.clock), "vm"),
            clock=cluster.clock,
            call_seconds=2.0,
        )
        self._acts = VmActs(tools)
        self.copy.sync()
        parts: Parts[Sights, Action, vms.Memory] = Parts(
            observe=observer.observe, decide=self._decide, act=self._act, memory=vms.Memory()
        )
        pace = Pace(longest_wait_seconds=1.6)
        self._rounds = Rounds(parts, clock=cluster.clock, pace=pace, beat=lambda *_: None)
        self.is_up = True

    def kill(self, *, late_starts: bool = False) -> None:
        """Kill the worker and its jobs; what the hypervisor was told already may come to pass."""
        self.is_up = False
        for vm, state in self.hypervisor.jobs().items():
            if late_starts and isinstance(state.job, Start) and state.ending is None:
                self.cluster.world.stage.start(self._late_start(vm))
        self.hypervisor.close()

    def turn(self) -> None:
        """One round, unless it is down."""
        if not self.is_up:
            return
        try:
            self.look_again = self._rounds.turn()
        except Killed:
            self.kill()

    def _decide(
        self, seen: Sights, memory: vms.Memory, now: Instant
    ) -> Decision[Action, vms.Memory]:
        if seen.store_trouble:
            return Decision((), memory, Instant(now + 0.5))
        return vms.decide(self.cluster.rules(self.name), seen, memory, now)

    def _act(self, action: Action) -> None:
        if self.acts_left is not None:
            if self.acts_left <= 0:
                raise Killed
            self.acts_left -= 1
        self.done.append(action)
        self._acts.act(action)  # type: ignore[arg-type]

    def _late_start(self, vm: str) -> Script:
        """What libvirt was told to start comes up although nobody waits for it any more."""
        yield self.hypervisor.seconds.start
        if vm not in self.hypervisor.host.domains and self.hypervisor.host.answers:
            self.hypervisor.add(vm, keys_of(self.cluster.admin, vm).name)


class Cluster:
    """Some nodes."""

    def __init__(self, *names: str, parallel_moves: int = 4) -> None:
        self.clock = FakeClock()
        self.world = World(self.clock)
        self.ensemble = FakeEnsemble()
        self.admin = FakeStore(self.ensemble, self.clock)
        self.parallel_moves = parallel_moves
        initialise(self.admin, soon())
        for name in names:
            put(self.admin, node_keys(LAYOUT, name))
        self.nodes = {name: Node(self, name) for name in names}

    def rules(self, name: str) -> Rules:
        return Rules(
            node=name,
            peer_uri=PEER_URI,
            selector=Selector.MEM,
            shutdown_timeout_seconds=20.0,
            parallel_moves=self.parallel_moves,
        )

    # Orders and what is there.

    def define(self, uuid: str, wanted: Wanted, meta: VmMeta | None = None) -> None:
        """Make a VM that is off."""
        seen = Seen(state=SeenState.OFF, node=wanted.node)
        put_vm(
            self.admin, f"vm-{uuid}", uuid=uuid, wanted=wanted, seen=seen,
            meta=meta_data(meta or VmMeta()),
        )  # fmt: skip
        # Without volumes no lock of Ceph stands between two copies.
        name = f"<domain><name>vm-{uuid}</name><uuid>{uuid}</uuid>"
        memory = "<memory unit='MiB'>512</memory><vcpu>1</vcpu></domain>"
        put(self.admin, {LAYOUT.path("vm.xml", vm=uuid): (name + memory).encode()})

    def order(self, uuid: str, **changes: Any) -> Wanted:
        """Give the next order."""
        keys = self.keys(uuid)
        wanted = replace(keys.wanted, serial=keys.wanted.serial + 1, fence="", **changes)
        path = LAYOUT.path("vm.wanted", vm=uuid)
        assert keys.wanted_version is not None
        self.admin.apply([Write(path, wanted_data(wanted), keys.wanted_version)], soon())
        return wanted

    def keys(self, uuid: str) -> VmKeys:
        return keys_of(self.admin, uuid)

    def seen(self, uuid: str) -> Seen:
        return self.keys(uuid).seen

    # Time.

    def turn_all(self) -> None:
        """Each node looks at the tree as it is now and does a round."""
        for node in self.nodes.values():
            if node.store.session().state is SessionState.CONNECTED:
                node.copy.sync()
            node.turn()

    def run(self, seconds: float, until: Callable[[], bool] = lambda: False) -> bool:
        """Let time pass; returns whether the condition came true."""
        end = self.clock.now() + seconds
        while self.clock.now() < end:
            self.turn_all()
            if until():
                return True
            self.clock.sleep(0.1)
        return until()

    def run_until(self, condition: Callable[[], bool], seconds: float = 60.0) -> None:
        """Let time pass until something is so."""
        assert self.run(seconds, condition), "it did not come so in time"


def not_twice(cluster: Cluster) -> None:
    """The promise: a VM runs on at most one node."""
    assert cluster.world.double_runs == []

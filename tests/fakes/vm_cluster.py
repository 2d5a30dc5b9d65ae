"""Nodes with their vm workers in one process: real decisions and real actions on a fake store, a
fake hypervisor and fake time.

Each node's copy of the tree is as old as the test lets it be; a worker can be killed before any of
its actions, and what it had begun in the hypervisor may come to pass all the same.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any, Final

from cluster.model.vm import Seen, SeenState, Selector, TransferPhase, VmMeta, Wanted, WantedState
from cluster.records.vm_keys import VmKeys
from cluster.records.vm_label_record import meta_data
from cluster.records.vm_record import wanted_data
from cluster.schema.tree import initialise
from cluster.store.paths import parent_of
from cluster.store.store import Change, SessionState, Write
from runtime.clock import Instant
from runtime.deadline import Deadline
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
from workers.vm.jobs import Destroy, Job, Migrate, Resume, Settle, Shutdown, Start
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
        self._old: set[str] = set()
        self._changed: set[str] | None = None
        ensemble.listen(self._old.add)
        self._load()

    def sync(self) -> None:
        """Bring it up to date."""
        for path in self._old:
            self._take(path)
            self._take(parent_of(path))
            if self._changed is not None:
                self._changed.add(path)
        self._old.clear()

    def forget(self) -> None:
        """Begin anew, as another process does."""
        self.sync()
        self._changed = None

    def _load(self) -> None:
        waiting = ["/domains", "/nodes", "/tasks"]
        while waiting:
            path = waiting.pop()
            self._take(path)
            waiting += [f"{path}/{name}" for name in self._names.get(path, ())]

    def _take(self, path: str) -> None:
        value = self._ensemble.value(path)
        if value is None:
            self._values.pop(path, None)
            self._names.pop(path, None)
        else:
            self._values[path] = (value.data, value.version)
            self._names[path] = self._ensemble.names(path) or ()

    def get(self, path: str) -> bytes | None:
        found = self._values.get(path)
        return None if found is None else found[0]

    def children(self, path: str) -> Iterable[str] | None:
        return self._names.get(path)

    def version(self, path: str) -> int | None:
        found = self._values.get(path)
        return None if found is None else found[1]

    def take_changed(self) -> frozenset[str] | None:
        taken, self._changed = self._changed, set()
        return None if taken is None else frozenset(taken)

    def trouble(self) -> str:
        is_there = self._store.session().state is SessionState.CONNECTED
        return "" if is_there else "no connection with the store"


class WatchedHypervisor(FakeHypervisor):
    """Lets nothing begin that the tree, as it really is, does not give to this node."""

    def __init__(self, world: World, node: str, admin: FakeStore) -> None:
        self._admin = admin
        self._node = node
        super().__init__(world, node)

    def begin(self, vm: str, job: Job) -> None:
        super().begin(vm, job)
        keys = keys_of(self._admin, vm)
        assert is_permitted(job, keys, self._node), (job, keys)


def is_permitted(job: Job, keys: VmKeys, node: str) -> bool:
    """Whether a job may begin on a node, said once more in other words."""
    seen, wanted, transfer = keys.seen, keys.wanted, keys.transfer
    is_sent = transfer is not None and transfer.phase is not TransferPhase.SHUTDOWN
    match job:
        case Start():
            is_claimed = (seen.node, seen.state) == (node, SeenState.STARTING)
            is_wanted = wanted.state in (WantedState.START, WantedState.RESTART)
            return is_claimed and is_wanted and wanted.node == node and transfer is None
        case Migrate() | Settle():
            return seen.node == node and is_sent
        case Resume():
            is_up = seen.state in (SeenState.RUNNING, SeenState.PAUSED, SeenState.STOPPING)
            return seen.node == node and is_up and transfer is None
        case Shutdown():
            return seen.node == node and not is_sent
        case Destroy():
            is_stray = transfer is None or transfer.to != node
            return not is_sent if seen.node == node else is_stray
        case _:
            return True


class MeddledStore(FakeStore):
    """Lets something happen between what a worker reads and what it writes."""

    meddle: Callable[[], None] = staticmethod(lambda: None)

    def apply(self, changes: Sequence[Change], deadline: Deadline) -> None:
        self.meddle()
        super().apply(changes, deadline)


class Node:
    """A node and its vm worker."""

    def __init__(self, cluster: "Cluster", name: str) -> None:
        self.cluster = cluster
        self.name = name
        self.store = MeddledStore(cluster.ensemble, cluster.clock)
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
        self.copy.forget()
        parts: Parts[Sights, Action, vms.Memory] = Parts(
            observe=observer.observe, decide=self._decide, act=self._act, memory=vms.Memory()
        )
        pace = Pace(longest_wait_seconds=1.6)
        self._rounds = Rounds(parts, clock=cluster.clock, pace=pace, beat=lambda *_: None)
        self.is_up = True

    def kill(self, *, late_starts: float | None = None) -> None:
        """Kill the worker and its jobs; starts under way come to pass so many seconds later."""
        self.is_up = False
        for vm, state in self.hypervisor.jobs().items():
            if late_starts is None or not isinstance(state.job, Start) or state.ending is not None:
                continue
            self.cluster.world.stage.start(self._late_start(vm, late_starts))
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

    def _late_start(self, vm: str, seconds: float) -> Script:
        """What libvirt was told to start comes up although nobody waits for it any more."""
        host = self.hypervisor.host
        yield seconds
        if vm not in host.domains and host.answers:
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

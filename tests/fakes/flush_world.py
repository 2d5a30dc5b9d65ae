"""Nodes that flush and get ready on one fake store: their decisions and what they write are the
real ones; that VMs move is played.

A node may look at the tree as it was some rounds ago, as a mirror that lags does.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from cluster.model.definition import Definition
from cluster.model.node import DomainState, WantedDomainState
from cluster.model.vm import (
    Seen as SeenRecord,
)
from cluster.model.vm import (
    SeenState,
    Selector,
    Transfer,
    TransferPhase,
    VmMeta,
    Wanted,
    WantedState,
)
from cluster.operations.vm_handover import given_up
from cluster.records import fault_record, vm_keys
from cluster.records.move_record import transfer_data
from cluster.records.view import snapshot
from cluster.records.vm_label_record import meta_data, read_meta
from cluster.records.vm_record import seen_data, wanted_data
from cluster.schema import codec
from cluster.store.store import Delete
from tests.fakes.bus import FakeBus
from tests.fakes.clock import FakeClock
from tests.fakes.hypervisor import FakeHypervisor
from tests.fakes.store import FakeStore
from tests.fakes.vm_tree import LAYOUT, new_tree, put, put_vm, soon
from tests.fakes.vm_world import World
from workers.vm import flush
from workers.vm.act_node import NodeActs
from workers.vm.actions import (
    Action,
    OrderAutostart,
    OrderMigrate,
    OrderUnmigrate,
    Report,
    WriteDomainState,
    WriteFlush,
)
from workers.vm.local import LocalState, LocalVm, Sight, Statistics
from workers.vm.rules import Rules
from workers.vm.seen import NodeView, Seen, VmView
from workers.vm.tools import Tools

Fails = Callable[[str, str], str]
"""Why a move of a VM to a node is given up; empty when it succeeds."""


@dataclass(frozen=True, slots=True)
class Look:
    """The tree at one time."""

    vms: dict[str, VmView]
    nodes: dict[str, NodeView]


@dataclass(slots=True)
class FlushNode:
    """One node's part."""

    rules: Rules
    acts: NodeActs
    memory: flush.Memory = field(default_factory=flush.Memory)
    is_alive: bool = True
    trouble: str = ""
    lag: int = 0
    orders: list[Action] = field(default_factory=list)


class FlushWorld:
    """The cluster."""

    def __init__(self, *names: str, parallel: int = 4, room_mb: int = 65536) -> None:
        self.clock = FakeClock()
        self.bus = FakeBus(self.clock)
        self.store: FakeStore = new_tree(*names)
        self.room_mb = room_mb
        self.fails: Fails = lambda _vm, _node: ""
        self.looks: list[Look] = []
        self.sent: list[tuple[str, str, str]] = []
        """Moves that began: VM, from, to."""
        fakes = World(self.clock)
        self.nodes = {
            name: FlushNode(
                rules=Rules(
                    node=name,
                    peer_uri="qemu+tcp://{node}/system",
                    selector=Selector.VMS,
                    parallel_moves=parallel,
                ),
                acts=NodeActs(
                    Tools(
                        node=name,
                        store=self.store,
                        layout=LAYOUT,
                        hypervisor=FakeHypervisor(fakes, name),
                        outgoing=self.bus.outgoing("vm"),
                        clock=self.clock,
                        call_seconds=2.0,
                    )
                ),
            )
            for name in names
        }

    # What tests do to it.

    def add(
        self,
        name: str,
        node: str,
        *,
        state: WantedState = WantedState.START,
        seen: SeenState = SeenState.RUNNING,
        meta: VmMeta | None = None,
        home: str = "",
    ) -> str:
        """Have a VM."""
        put_vm(
            self.store,
            name,
            uuid=name,
            wanted=Wanted(state=state, node=node, serial=1, home=home),
            seen=SeenRecord(state=seen, node=node, serial=1),
            meta=meta_data(meta or VmMeta()),
        )
        return name

    def order(self, node: str, wanted: WantedDomainState) -> None:
        """Order a flush or ready."""
        path = LAYOUT.path("node.wanted_domain_state", node=node)
        put(self.store, {path: wanted.encode()})

    def state(self, node: str) -> DomainState | None:
        """What a node says."""
        value = self.store.read(LAYOUT.path("node.domain_state", node=node), soon())
        return codec.read_enum(DomainState, None if value is None else value.data)

    def vm(self, name: str) -> VmView:
        """A VM as the tree has it now."""
        return self.look().vms[name]

    def told(self, node: str) -> dict[str, object]:
        """What `node.flush` holds."""
        value = self.store.read(LAYOUT.path("node.flush", node=node), soon())
        return dict(codec.read_object(None if value is None else value.data) or {})

    def stuck(self, node: str) -> dict[str, str]:
        """The VMs that are stuck, and why."""
        stuck = self.told(node).get("stuck", {})
        assert isinstance(stuck, dict)
        return stuck

    def fault(self, node: str) -> str:
        """The message of the fault that a flush is stuck; empty when there is none."""
        path = LAYOUT.path("fault", fault=f"NODE_{node.upper()}_FLUSH_STUCK")
        fault = fault_record.read(snapshot(self.store, [path], soon()), LAYOUT, path.split("/")[-1])
        return "" if fault is None else fault.message

    def where(self) -> dict[str, str]:
        """On which node each VM is."""
        return {name: view.record.node for name, view in self.look().vms.items()}

    def is_settled(self, node: str) -> bool:
        """Whether a node has done what is wanted of it."""
        own = self.look().nodes[node]
        wanted, state = own.wanted_domain_state, own.domain_state
        return wanted is not None and state is not None and wanted.value == state.value

    def run(
        self, seconds: float, *, moves: bool = True, until: Callable[[], bool] | None = None
    ) -> None:
        """Let rounds go by, VMs moving meanwhile."""
        end = self.clock.now() + seconds
        while self.clock.now() < end and not (until is not None and until()):
            self.round()
            if moves:
                self.move_on()
            self.clock.sleep(0.25)

    def round(self) -> None:
        """One round of every node that lives."""
        self.looks.append(self.look())
        for name in sorted(self.nodes):
            if self.nodes[name].is_alive:
                self.turn(name)

    def turn(self, name: str) -> None:
        """One round of one node."""
        node = self.nodes[name]
        look = self.looks[max(0, len(self.looks) - 1 - node.lag)]
        now = self.clock.now()
        decision = flush.decide(node.rules, self._seen(name, look), node.memory, now)
        node.memory = decision.memory
        for action in decision.actions:
            if isinstance(action, OrderMigrate | OrderUnmigrate | OrderAutostart):
                node.orders.append(action)
            assert isinstance(
                action,
                OrderMigrate
                | OrderUnmigrate
                | OrderAutostart
                | WriteDomainState
                | WriteFlush
                | Report,
            )
            node.acts.act(action)

    def restart(self, name: str) -> None:
        """The worker of a node is killed and comes back."""
        self.nodes[name].memory = flush.Memory()

    # How VMs move.

    def move_on(self) -> None:
        """Each VM gets one step nearer to where it is wanted."""
        for uuid in sorted(self.look().vms):
            self.step(uuid)

    def step(self, uuid: str) -> None:
        """Begin, end or give up a move, or start a VM where it is wanted."""
        keys = vm_keys.read(self.store, LAYOUT, uuid, soon())
        assert keys is not None
        wanted, seen = keys.wanted, keys.seen
        path = {key: LAYOUT.path(f"vm.{key}", vm=uuid) for key in ("seen", "wanted", "transfer")}
        if keys.transfer is not None:
            why = self.fails(uuid, keys.transfer.to)
            if not why:
                arrived = replace(seen, node=keys.transfer.to, serial=wanted.serial)
                put(self.store, {path["seen"]: seen_data(arrived)})
            elif wanted.node == keys.transfer.to:
                stays = given_up(wanted, seen)
                told = replace(seen, serial=stays.serial, reason=why)
                put(self.store, {path["wanted"]: wanted_data(stays), path["seen"]: seen_data(told)})
            self.store.apply([Delete(path["transfer"])], soon())
        elif not seen.state.may_run:
            is_given_up = seen.state is SeenState.FAILED and seen.serial >= wanted.serial
            is_wanted = wanted.state is WantedState.START and not is_given_up
            if is_wanted and self.nodes[wanted.node].is_alive:
                now = SeenRecord(state=SeenState.RUNNING, node=wanted.node, serial=wanted.serial)
                put(self.store, {path["seen"]: seen_data(now)})
        elif wanted.state in (WantedState.STOP, WantedState.SHUTDOWN):
            put(self.store, {path["seen"]: seen_data(replace(seen, state=SeenState.OFF))})
        elif wanted.node != seen.node and self._are_alive(wanted.node, seen.node):
            self.sent.append((uuid, seen.node, wanted.node))
            transfer = Transfer(serial=wanted.serial, to=wanted.node, phase=TransferPhase.SENDING)
            put(self.store, {path["transfer"]: transfer_data(transfer)})

    def _are_alive(self, *names: str) -> bool:
        return all(self.nodes[name].is_alive for name in names)

    # How nodes see it.

    def look(self) -> Look:
        """The tree now."""
        vms: dict[str, VmView] = {}
        for uuid in self.store.children(LAYOUT.path("vms"), soon()) or ():
            keys = vm_keys.read(self.store, LAYOUT, uuid, soon())
            meta = self.store.read(LAYOUT.path("vm.meta", vm=uuid), soon())
            assert keys is not None
            vms[uuid] = VmView(
                uuid=uuid,
                name=keys.name,
                wanted=keys.wanted,
                record=keys.seen,
                transfer=keys.transfer,
                meta=read_meta(None if meta is None else meta.data),
                definition=Definition(name=keys.name, uuid=uuid, memory_mb=512, vcpus=1),
            )
        return Look(vms=vms, nodes={name: self._node(name, vms) for name in self.nodes})

    def _node(self, name: str, vms: dict[str, VmView]) -> NodeView:
        wanted = self.store.read(LAYOUT.path("node.wanted_domain_state", node=name), soon())
        assert wanted is not None
        running = [v for v in vms.values() if v.record.node == name and v.record.state.may_run]
        coming = [v for v in vms.values() if v.wanted.node == name and v not in running]
        starting = [v for v in coming if v.wanted.state is WantedState.START]
        return NodeView(
            name=name,
            is_alive=self.nodes[name].is_alive,
            domain_state=self.state(name),
            wanted_domain_state=codec.read_enum(WantedDomainState, wanted.data),
            wanted_version=wanted.version,
            memory_total_mb=self.room_mb,
            memory_free_mb=self.room_mb - 512 * len(running),
            vms_running=len(running),
            cpu_count=8,
            arriving=tuple(sorted(v.uuid for v in starting)),
            arriving_mb=512 * len(starting),
            arriving_vcpus=len(starting),
        )

    def _seen(self, name: str, look: Look) -> Seen:
        concerned = {
            uuid: replace(view, local=_local(view) if view.record.node == name else None)
            for uuid, view in look.vms.items()
            if name in (view.wanted.node, view.record.node, view.wanted.home)
        }
        trouble = self.nodes[name].trouble
        return Seen(
            node=name,
            sight=Sight(at=None if trouble else self.clock.now(), trouble=trouble),
            statistics=Statistics(),
            vms=concerned,
            nodes=look.nodes,
        )


def _local(view: VmView) -> LocalVm | None:
    if not view.record.state.may_run:
        return None
    return LocalVm(uuid=view.uuid, name=view.name, state=LocalState.RUNNING, memory_mb=512, vcpus=1)

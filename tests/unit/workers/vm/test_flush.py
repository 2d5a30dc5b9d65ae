"""Flush and ready: decisions and what they write, on a fake store; VMs' moves are played."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cluster.model.node import DomainState, WantedDomainState
from cluster.model.vm import (
    Move,
    Seen,
    SeenState,
    Selector,
    Transfer,
    TransferPhase,
    VmMeta,
    Wanted,
    WantedState,
)
from cluster.records.move_record import transfer_data
from cluster.records.vm_record import seen_data, wanted_data
from runtime.clock import Instant
from tests.fakes.flush_world import FlushWorld
from tests.fakes.vm_tree import LAYOUT, put
from workers.vm import flush_out
from workers.vm.flush_out import RETRY_SECONDS
from workers.vm.local import LocalState, LocalVm, Sight, Statistics
from workers.vm.rules import Rules
from workers.vm.seen import Seen as Sights
from workers.vm.seen import VmView

RULES = Rules(node="hv1", peer_uri="qemu+tcp://{node}/system", selector=Selector.MEM)
FLUSHED, READY = WantedDomainState.FLUSHED, WantedDomainState.READY


def world_with(count: int, *names: str, parallel: int = 4) -> FlushWorld:
    world = FlushWorld(*(names or ("hv1", "hv2", "hv3")), parallel=parallel)
    for number in range(count):
        world.add(f"vm{number:02}", "hv1")
    return world


def test_a_flush_empties_the_node_and_ready_brings_its_vms_home() -> None:
    world = world_with(12)
    world.order("hv1", FLUSHED)
    world.run(1.0)
    assert world.state("hv1") is DomainState.FLUSH
    world.run(60.0, until=lambda: world.is_settled("hv1"))
    assert world.state("hv1") is DomainState.FLUSHED
    assert set(world.where().values()) == {"hv2", "hv3"}
    assert {world.vm(name).wanted.home for name in world.where()} == {"hv1"}
    assert world.told("hv1") | {"serial": 0} == {
        "serial": 0,
        "total": 12,
        "done": 12,
        "moving": [],
        "stuck": {},
    }
    world.order("hv1", READY)
    world.run(60.0, until=lambda: world.is_settled("hv1"))
    assert world.state("hv1") is DomainState.READY
    assert set(world.where().values()) == {"hv1"}
    assert {world.vm(name).wanted.home for name in world.where()} == {""}
    assert world.fault("hv1") == ""


def test_no_more_are_ordered_at_once_than_the_nodes_bear() -> None:
    world = world_with(12, parallel=2)
    world.order("hv1", FLUSHED)
    most = dict.fromkeys(("hv2", "hv3"), 0)
    while not world.is_settled("hv1"):
        world.run(0.25)
        for name in most:
            most[name] = max(most[name], len(world.look().nodes[name].arriving))
    assert most == {"hv2": 2, "hv3": 2}


def test_what_has_not_set_out_stays_when_ready_is_ordered_meanwhile() -> None:
    world = world_with(12)
    world.order("hv1", FLUSHED)
    world.run(1.0, moves=False)
    ordered = [name for name, node in _wanted(world).items() if node != "hv1"]
    assert len(ordered) == 8
    world.order("hv1", READY)
    world.run(0.6, moves=False)
    world.run(60.0, until=lambda: world.is_settled("hv1"))
    assert not world.sent
    assert set(_wanted(world).values()) == {"hv1"}


def test_what_has_set_out_arrives_and_comes_back() -> None:
    world = world_with(3)
    world.order("hv1", FLUSHED)
    world.run(30.0, until=lambda: len(world.sent) == 3)
    world.order("hv1", READY)
    world.run(30.0, until=lambda: world.is_settled("hv1"))
    assert world.state("hv1") is DomainState.READY
    assert set(world.where().values()) == {"hv1"}


def test_a_flush_during_unflush_leaves_what_has_not_set_out_where_it_is() -> None:
    world = world_with(12)
    world.order("hv1", FLUSHED)
    world.run(60.0, until=lambda: world.is_settled("hv1"))
    before = world.where()
    world.sent.clear()
    world.order("hv1", READY)
    world.run(1.0, moves=False)
    assert "hv1" in _wanted(world).values()
    world.order("hv1", FLUSHED)
    world.run(0.6, moves=False)
    world.run(60.0, until=lambda: world.is_settled("hv1"))
    assert world.state("hv1") is DomainState.FLUSHED
    assert world.where() == before == _wanted(world)
    assert not world.sent


def test_moves_that_a_silent_node_holds_up_keep_no_other_from_leaving() -> None:
    held_up = [held_up_view(f"h{n}", "hv2") for n in range(8)]
    waiting = [running_view(f"w{n}") for n in range(2)]
    nodes = world_with(0).look().nodes
    seen = Sights(
        node="hv1",
        sight=Sight(),
        statistics=Statistics(),
        vms={view.uuid: view for view in (*held_up, *waiting)},
        nodes=nodes,
    )
    found = flush_out.plan(RULES, seen, {}, Instant(100.0))
    assert len(found.orders) == 2
    assert set(found.stuck) == {view.uuid for view in held_up}


def test_a_vm_that_may_go_nowhere_is_named_and_the_others_go() -> None:
    world = world_with(2)
    world.add("bound", "hv1", meta=VmMeta(node_limit=("hv1",)))
    world.order("hv1", FLUSHED)
    world.run(10.0)
    assert world.state("hv1") is DomainState.FLUSH
    assert world.where()["bound"] == "hv1"
    assert set(world.where().values()) == {"hv1", "hv2", "hv3"}
    stuck = world.stuck("hv1")
    assert list(stuck) == ["bound"]
    assert "hv2: the VM may only be on hv1" in stuck["bound"]
    assert "bound: " in world.fault("hv1")
    # As soon as it may go it goes.
    put(world.store, {LAYOUT.path("vm.meta", vm="bound"): b"{}"})
    world.run(10.0, until=lambda: world.is_settled("hv1"))
    assert world.state("hv1") is DomainState.FLUSHED
    assert world.stuck("hv1") == {}


def test_a_vm_whose_move_fails_is_tried_elsewhere_and_then_again_after_a_while() -> None:
    world = world_with(1)
    world.fails = lambda _vm, node: f"{node} does not answer"
    world.order("hv1", FLUSHED)
    world.run(RETRY_SECONDS - 5.0)
    assert [to for _, _, to in world.sent] == ["hv2", "hv3"]
    assert "its move there was given up: hv3 does not answer" in world.fault("hv1")
    assert world.vm("vm00").wanted.node == "hv1"
    world.fails = lambda _vm, _node: ""
    world.run(20.0, until=lambda: world.is_settled("hv1"))
    assert world.state("hv1") is DomainState.FLUSHED


@pytest.mark.parametrize(
    ("state", "seen", "stays"),
    [
        (
            WantedState.PROVISION,
            SeenState.RUNNING,
            "it is not touched while its state is provision",
        ),
        (WantedState.UNKNOWN, SeenState.RUNNING, "it is not touched while its state is unknown"),
    ],
)
def test_vms_at_which_others_work_are_named_not_moved(
    state: WantedState, seen: SeenState, stays: str
) -> None:
    world = FlushWorld("hv1", "hv2")
    world.add("odd", "hv1", state=state, seen=seen)
    world.order("hv1", FLUSHED)
    world.run(10.0)
    assert world.stuck("hv1") == {"odd": stays}
    assert world.state("hv1") is DomainState.FLUSH


def test_vms_that_are_off_stay_and_those_that_end_are_waited_for() -> None:
    world = FlushWorld("hv1", "hv2")
    world.add("off", "hv1", state=WantedState.STOP, seen=SeenState.OFF)
    world.add("failed", "hv1", seen=SeenState.FAILED)
    world.add("ending", "hv1", state=WantedState.SHUTDOWN)
    world.order("hv1", FLUSHED)
    world.run(5.0, moves=False)
    assert world.told("hv1")["moving"] == ["ending"]
    world.run(10.0, until=lambda: world.is_settled("hv1"))
    assert world.state("hv1") is DomainState.FLUSHED
    assert set(world.where().values()) == {"hv1"}


def test_a_vm_that_waits_to_be_started_here_is_sent_away_too() -> None:
    world = FlushWorld("hv1", "hv2")
    world.add("new", "hv1", seen=SeenState.OFF)
    world.order("hv1", FLUSHED)
    world.run(1.0, moves=False)
    assert world.vm("new").wanted.node == "hv2"
    world.run(10.0, until=lambda: world.where() == {"new": "hv2"})
    assert world.is_settled("hv1")
    assert world.where() == {"new": "hv2"}


def test_a_vm_that_comes_over_the_flush_is_sent_on() -> None:
    world = FlushWorld("hv1", "hv2", "hv3")
    name = world.add("coming", "hv2")
    view = world.vm(name)
    put(
        world.store,
        {
            LAYOUT.path("vm.wanted", vm=name): wanted_data(
                replace(view.wanted, node="hv1", serial=2, move=Move.MOVE)
            )
        },
    )
    world.move_on()
    world.order("hv1", FLUSHED)
    world.run(5.0, moves=False)
    assert world.told("hv1")["moving"] == ["coming"]
    assert world.state("hv1") is DomainState.FLUSH
    world.run(20.0, until=lambda: world.is_settled("hv1"))
    assert world.where()[name] in ("hv2", "hv3")


def test_a_move_of_which_nobody_knows_the_end_is_named() -> None:
    world = FlushWorld("hv1", "hv2")
    name = world.add("lost", "hv1")
    view = world.vm(name)
    transfer = Transfer(serial=2, to="hv2", phase=TransferPhase.SETTLING, reason="hv2 is silent")
    put(
        world.store,
        {
            LAYOUT.path("vm.wanted", vm=name): wanted_data(
                replace(view.wanted, node="hv2", serial=2)
            ),
            LAYOUT.path("vm.transfer", vm=name): transfer_data(transfer),
        },
    )
    world.order("hv1", FLUSHED)
    world.run(10.0, moves=False)
    assert world.stuck("hv1") == {"lost": "its move to hv2 is not over: hv2 is silent"}


def test_nothing_is_called_flushed_that_cannot_be_seen() -> None:
    world = FlushWorld("hv1", "hv2")
    world.nodes["hv1"].trouble = "libvirt does not answer"
    world.order("hv1", FLUSHED)
    world.run(20.0)
    assert world.state("hv1") is DomainState.FLUSH
    world.nodes["hv1"].trouble = ""
    world.run(5.0)
    assert world.state("hv1") is DomainState.FLUSHED


def test_a_node_that_is_recovered_after_a_fence_is_left_alone() -> None:
    world = world_with(1)
    put(world.store, {LAYOUT.path("node.domain_state", node="hv1"): b"fence-flush"})
    for wanted in (FLUSHED, READY):
        world.order("hv1", wanted)
        world.run(5.0)
        assert world.state("hv1") is DomainState.FENCE_FLUSH
    assert world.where() == {"vm00": "hv1"}


def test_an_order_nobody_can_read_is_followed_by_nobody() -> None:
    world = world_with(1)
    put(world.store, {LAYOUT.path("node.wanted_domain_state", node="hv1"): b"tidy"})
    world.run(5.0)
    assert world.state("hv1") is DomainState.READY


def test_ready_starts_once_what_starts_by_itself() -> None:
    world = FlushWorld("hv1", "hv2")
    auto = VmMeta(autostart=True)
    world.add("auto", "hv1", state=WantedState.STOP, seen=SeenState.OFF, meta=auto)
    world.add("down", "hv1", state=WantedState.DISABLE, seen=SeenState.OFF, meta=auto)
    world.add("manual", "hv1", state=WantedState.STOP, seen=SeenState.OFF)
    for wanted in (FLUSHED, READY):
        world.order("hv1", wanted)
        world.run(10.0, until=lambda: world.is_settled("hv1"))
    assert {n: v.wanted.state for n, v in world.look().vms.items()} == {
        "auto": WantedState.START,
        "down": WantedState.DISABLE,
        "manual": WantedState.STOP,
    }
    assert not world.vm("auto").meta.autostart
    assert world.vm("down").meta.autostart


def test_a_vm_that_cannot_come_home_is_named_and_the_node_is_ready() -> None:
    world = world_with(2)
    world.order("hv1", FLUSHED)
    world.run(30.0, until=lambda: world.is_settled("hv1"))
    world.fails = lambda vm, _node: "no way" if vm == "vm00" else ""
    world.order("hv1", READY)
    world.run(30.0, until=lambda: world.is_settled("hv1"))
    assert world.state("hv1") is DomainState.READY
    assert world.where()["vm01"] == "hv1"
    assert world.stuck("hv1") == {"vm00": "no way"}
    assert "cannot be brought back to node hv1: vm00: no way" in world.fault("hv1")
    assert world.vm("vm00").wanted.home == "hv1"


def test_nobody_waits_for_vms_on_a_dead_node() -> None:
    world = world_with(2)
    world.order("hv1", FLUSHED)
    world.run(30.0, until=lambda: world.is_settled("hv1"))
    dead = world.where()["vm00"]
    world.nodes[dead].is_alive = False
    world.order("hv1", READY)
    world.run(30.0, until=lambda: world.is_settled("hv1"))
    assert world.state("hv1") is DomainState.READY
    assert world.stuck("hv1") == {"vm00": f"node {dead}, which has it, is not alive"}
    assert world.vm("vm00").wanted.node == dead


def test_a_migrated_vm_keeps_its_home_over_another_flush() -> None:
    world = FlushWorld("hv1", "hv2", "hv3")
    world.add("guest", "hv1", home="hv3")
    world.order("hv3", FLUSHED)
    world.run(5.0)
    world.order("hv1", FLUSHED)
    world.run(20.0, until=lambda: world.is_settled("hv1"))
    assert (world.vm("guest").wanted.node, world.vm("guest").wanted.home) == ("hv2", "hv3")


def test_a_vm_sent_to_its_home_is_at_home() -> None:
    world = FlushWorld("hv1", "hv2")
    world.add("guest", "hv1", home="hv2")
    world.order("hv1", FLUSHED)
    world.run(20.0, until=lambda: world.is_settled("hv1"))
    assert (world.vm("guest").wanted.node, world.vm("guest").wanted.home) == ("hv2", "")


def test_an_order_to_a_node_that_is_flushed_meanwhile_is_refused() -> None:
    world = world_with(1, "hv1", "hv2")
    world.looks.append(world.look())
    world.order("hv1", FLUSHED)
    world.round()
    world.clock.sleep(1.0)
    world.looks.append(world.look())
    world.order("hv2", FLUSHED)
    # hv1 still sees hv2 as it was.
    world.turn("hv1")
    assert world.nodes["hv1"].orders
    assert world.vm("vm00").wanted.node == "hv1"


def test_the_killed_worker_of_a_node_goes_on_with_its_flush() -> None:
    world = world_with(12)
    world.order("hv1", FLUSHED)
    for _ in range(60):
        world.run(0.5)
        world.restart("hv1")
        if world.is_settled("hv1"):
            break
    assert world.state("hv1") is DomainState.FLUSHED
    assert "hv1" not in world.where().values()
    assert len(world.sent) == 12


def test_hundreds_of_stuck_vms_make_one_short_fault() -> None:
    world = FlushWorld("hv1", "hv2", room_mb=1000)
    for number in range(150):
        world.add(f"vm{number:03}", "hv1")
    world.order("hv1", FLUSHED)
    world.run(6.0, moves=False)
    stuck = world.stuck("hv1")
    assert len(stuck) == 100
    assert len(world.fault("hv1")) < 4000
    assert "more" in world.fault("hv1")


ORDERS = st.lists(
    st.tuples(
        st.sampled_from(["hv1", "hv2", "hv3"]),
        st.sampled_from([FLUSHED, READY]),
        st.integers(0, 6),
    ),
    max_size=8,
)


@settings(max_examples=60, deadline=None)
@given(
    orders=ORDERS,
    lags=st.tuples(*[st.integers(0, 3)] * 3),
    restarts=st.sets(st.tuples(st.integers(0, 40), st.sampled_from(["hv1", "hv2", "hv3"]))),
    failing=st.sets(st.sampled_from([f"vm{n}" for n in range(6)]), max_size=2),
)
def test_whatever_is_ordered_in_whatever_order(
    orders: list[tuple[str, WantedDomainState, int]],
    lags: tuple[int, int, int],
    restarts: set[tuple[int, str]],
    failing: set[str],
) -> None:
    world = FlushWorld("hv1", "hv2", "hv3", parallel=2)
    for number in range(6):
        world.add(f"vm{number}", f"hv{number % 3 + 1}")
    for (name, node), lag in zip(sorted(world.nodes.items()), lags, strict=True):
        node.lag = lag
        assert name
    world.fails = lambda vm, _node: "refused" if vm in failing else ""
    for step, (name, wanted, rounds) in enumerate(orders):
        world.order(name, wanted)
        for turn in range(rounds):
            _round_without_crossing(world)
            for at, killed in restarts:
                if at == step * 6 + turn:
                    world.restart(killed)
    for node in world.nodes.values():
        node.lag = 0
    for _ in range(400):
        _round_without_crossing(world)
        if all(_is_quiet(world, name) for name in world.nodes):
            break
    look = world.look()
    for name, own in look.nodes.items():
        here = [vm for vm, view in look.vms.items() if view.record.node == name]
        stuck = world.stuck(name)
        if own.wanted_domain_state is FLUSHED:
            assert set(here) == set(stuck) or (not here and world.is_settled(name))
        else:
            assert world.is_settled(name)


def _round_without_crossing(world: FlushWorld) -> None:
    """A round in which no order to a node is given after that node was told to be flushed."""
    before = {name: view.wanted for name, view in world.look().vms.items()}
    world.round()
    look = world.look()
    for name, view in look.vms.items():
        to = view.wanted.node
        if before[name].node != to and view.wanted.move is Move.MIGRATE:
            assert look.nodes[to].wanted_domain_state is READY
    world.move_on()
    world.clock.sleep(0.5)


def _is_quiet(world: FlushWorld, name: str) -> bool:
    look = world.look()
    if any(view.transfer or view.wanted.node != view.record.node for view in look.vms.values()):
        return False
    if world.is_settled(name):
        return True
    here = {vm for vm, view in look.vms.items() if view.record.node == name}
    return look.nodes[name].wanted_domain_state is FLUSHED and here == set(world.stuck(name))


def _wanted(world: FlushWorld) -> dict[str, str]:
    return {name: view.wanted.node for name, view in world.look().vms.items()}


def test_a_stray_record_is_no_reason_to_stay() -> None:
    world = world_with(1)
    gone = Seen(state=SeenState.OFF, node="hv1", serial=9)
    put(world.store, {LAYOUT.path("vm.seen", vm="vm00"): seen_data(gone)})
    world.order("hv1", FLUSHED)
    world.run(10.0, until=lambda: world.is_settled("hv1"))
    assert world.state("hv1") is DomainState.FLUSHED


def running_view(name: str, to: str = "hv1") -> VmView:
    return VmView(
        uuid=name,
        name=name,
        wanted=Wanted(state=WantedState.START, node=to, serial=2),
        record=Seen(state=SeenState.RUNNING, node="hv1", serial=2),
        local=LocalVm(uuid=name, name=name, state=LocalState.RUNNING),
    )


def held_up_view(name: str, to: str) -> VmView:
    transfer = Transfer(serial=2, to=to, phase=TransferPhase.SETTLING, reason="silent")
    return replace(running_view(name, to), transfer=transfer)

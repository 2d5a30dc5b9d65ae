"""Orders to be on another node."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from cluster.lifecycle.vm_orders import Carrying
from cluster.model.node import DomainState, WantedDomainState
from cluster.model.vm import Move, Seen, SeenState, Selector, VmMeta, Wanted, WantedState
from cluster.operations.vm_handover import given_up
from cluster.operations.vm_move import Places, order_migrate, order_move, order_unmigrate
from cluster.operations.vm_moving import MoveOrder, after_move
from cluster.placement import Candidate
from cluster.records.vm_label_record import meta_data
from cluster.store.store import Store
from runtime.errors import Conflict, NotFound
from tests.fakes.vm_tree import (
    LAYOUT,
    OFF,
    RUNNING,
    STOPPED,
    UUID,
    WANTED,
    keys_of,
    new_tree,
    put,
    put_vm,
    soon,
)

AWAY = replace(WANTED, node="hv2", home="hv1")
"""Migrated from hv1 to hv2, and there."""
THERE = replace(RUNNING, node="hv2")
LEAVING = replace(WANTED, node="hv2", home="hv1", move=Move.MIGRATE, serial=4)
"""On its way from hv1 to hv2."""
PLACES = Places(
    candidates=tuple(
        Candidate(
            name=name,
            is_alive=True,
            domain_state=DomainState.READY,
            wanted_domain_state=WantedDomainState.READY,
            memory_total_mb=8_000,
            memory_free_mb=free_mb,
            vms_running=free_mb,
        )
        for name, free_mb in (("hv1", 8_000), ("hv2", 4_000), ("hv3", 6_000))
    )
)


def with_vm(wanted: Wanted = WANTED, seen: Seen = RUNNING, meta: VmMeta | None = None) -> Store:
    store = new_tree()
    put_vm(store, wanted=wanted, seen=seen, meta=meta_data(meta or VmMeta()))
    return store


def migrate(store: Store, node: str | None = "hv2", **how: bool) -> Wanted:
    return order_migrate(store, LAYOUT, UUID, node=node, places=PLACES, deadline=soon(), **how)


def move(store: Store, node: str | None = "hv2", **how: bool) -> Wanted:
    return order_move(store, LAYOUT, UUID, node=node, places=PLACES, deadline=soon(), **how)


def unmigrate(store: Store) -> Wanted:
    return order_unmigrate(store, LAYOUT, UUID, deadline=soon())


def test_a_running_vm_is_migrated_and_comes_home() -> None:
    store = with_vm()
    assert migrate(store) == LEAVING == keys_of(store).wanted
    put(store, {f"/domains/{UUID}/seen": b'{"state":"running","node":"hv2","serial":4}'})
    home = unmigrate(store)
    assert (home.node, home.home, home.move, home.home_before, home.serial) == (
        "hv1",
        "",
        Move.UNMIGRATE,
        "hv1",
        5,
    )


def test_a_migrated_vm_is_migrated_again_only_with_force_and_keeps_its_home() -> None:
    store = with_vm(AWAY, THERE)
    with pytest.raises(Conflict, match="was migrated from hv1 already"):
        migrate(store, "hv3")
    wanted = migrate(store, "hv3", is_forced=True)
    assert (wanted.home, wanted.home_before, wanted.move) == ("hv1", "hv1", Move.MIGRATE)


def test_a_vm_migrated_to_its_home_is_unmigrated() -> None:
    store = with_vm(AWAY, THERE)
    wanted = migrate(store, "hv1", is_forced=True)
    assert (wanted.home, wanted.move) == ("", Move.UNMIGRATE)


def test_a_moved_vm_has_no_other_home() -> None:
    wanted = move(with_vm(AWAY, THERE), "hv3", is_live_only=True)
    assert (wanted.node, wanted.home, wanted.home_before) == ("hv3", "", "hv1")
    assert wanted.is_live_only


def test_a_migrated_vm_is_made_to_belong_where_it_is() -> None:
    wanted = move(with_vm(AWAY, THERE), "hv2")
    assert (wanted.node, wanted.home, wanted.move) == ("hv2", "", Move.NONE)


@pytest.mark.parametrize("order", [migrate, move])
def test_without_a_node_the_best_other_one_is_taken(order: Callable[..., Wanted]) -> None:
    assert order(with_vm(), None).node == "hv3"
    least = with_vm(meta=VmMeta(node_selector=Selector.VMS))
    assert order(least, None).node == "hv2"


def test_without_a_place_every_node_and_why_not_is_said() -> None:
    store = with_vm(meta=VmMeta(node_limit=("hv1",)))
    with pytest.raises(Conflict, match="hv1: it is there now; hv2: the VM may only be on hv1; hv3"):
        migrate(store, None)
    with pytest.raises(Conflict, match="there are no nodes"):
        order_migrate(with_vm(), LAYOUT, UUID, deadline=soon())


@pytest.mark.parametrize(
    ("wanted", "seen"),
    [
        (STOPPED, OFF),
        (replace(STOPPED, state=WantedState.DISABLE), OFF),
        (WANTED, replace(OFF, state=SeenState.FAILED)),
        (replace(STOPPED, state=WantedState.MIRROR), OFF),
    ],
)
def test_a_vm_that_is_off_only_changes_its_node(wanted: Wanted, seen: Seen) -> None:
    assert move(with_vm(wanted, seen)) == replace(wanted, node="hv2")
    store = with_vm(wanted, seen)
    assert migrate(store) == replace(wanted, node="hv2", home="hv1")
    assert unmigrate(store) == wanted


def test_a_vm_that_is_off_may_be_given_a_node_that_takes_none() -> None:
    store = with_vm(STOPPED, OFF)
    put(store, {"/nodes/hv2/daemonstate": b"stop", "/nodes/hv2/domainstate": b"flushed"})
    assert move(store).node == "hv2"


def test_a_vm_that_is_about_to_start_starts_elsewhere() -> None:
    wanted = migrate(with_vm(WANTED, OFF))
    assert (wanted.node, wanted.move, wanted.serial) == ("hv2", Move.NONE, 4)


def test_a_restart_that_is_done_is_not_ordered_again_by_a_move() -> None:
    done = replace(WANTED, state=WantedState.RESTART)
    assert move(with_vm(done)).state is WantedState.START


@pytest.mark.parametrize(
    ("order", "wanted", "seen", "why"),
    [
        (migrate, WANTED, THERE, "is on hv2 already|was migrated"),
        (unmigrate, WANTED, RUNNING, "there is no home to go back to"),
        (move, replace(WANTED, node="hv2"), THERE, "is on hv2 already"),
        (move, WANTED, replace(RUNNING, state=SeenState.UNKNOWN), "no node has said yet"),
        (move, STOPPED, RUNNING, "is not off yet on hv1"),
        (move, replace(WANTED, state=WantedState.UNKNOWN), RUNNING, "is not off yet"),
        (move, replace(WANTED, state=WantedState.DELETE), RUNNING, "being removed"),
        (move, replace(WANTED, state=WantedState.SHUTDOWN), RUNNING, "in state shutdown allows"),
        (move, replace(WANTED, state=WantedState.IMPORT), OFF, "in state import allows no move"),
        (
            move,
            replace(WANTED, state=WantedState.RESTART, serial=4),
            RUNNING,
            "in state restart allows no move; it allows stop, disable",
        ),
    ],
)
def test_what_is_refused(
    order: Callable[[Store], Wanted], wanted: Wanted, seen: Seen, why: str
) -> None:
    target_wanted = replace(wanted, node="hv2") if order is migrate else wanted
    store = with_vm(target_wanted, seen)
    before = keys_of(store)
    with pytest.raises(Conflict, match=why):
        order(store)
    assert keys_of(store) == before


@pytest.mark.parametrize(
    ("keys", "why"),
    [
        ({"daemonstate": b"stop"}, "cannot go to hv2: its daemon does not run"),
        ({"domainstate": b"flush"}, "its domain state is flush, not ready"),
        ({"domainstate": b"unflush"}, "its domain state is unflush, not ready"),
        ({"wanted_domainstate": b"flushed"}, "it is to be flushed"),
    ],
)
def test_a_node_that_takes_no_vms(keys: dict[str, bytes], why: str) -> None:
    store = with_vm()
    put(store, {f"/nodes/hv2/{key}": data for key, data in keys.items()})
    with pytest.raises(Conflict, match=why):
        move(store)


def test_a_node_that_becomes_ready_gets_its_own_vms_first() -> None:
    store = with_vm(AWAY, THERE)
    put(store, {"/nodes/hv1/domainstate": b"unflush"})
    assert unmigrate(store).node == "hv1"


def test_a_node_outside_the_limit_and_one_that_is_none() -> None:
    store = with_vm(meta=VmMeta(node_limit=("hv1", "hv3")))
    with pytest.raises(Conflict, match="may not be on hv2, only on hv1, hv3"):
        move(store)
    for name in ("hv9", "a/b", ".."):
        with pytest.raises(NotFound, match="there is no node"):
            move(with_vm(), name)
    for uuid in ("none", "a/b", ""):
        with pytest.raises(NotFound, match="there is no VM"):
            order_move(with_vm(), LAYOUT, uuid, node="hv2", deadline=soon())
    assert unmigrate(with_vm(AWAY, THERE, VmMeta(node_limit=("hv2",)))).node == "hv1"


def test_a_vm_on_its_way_is_called_back() -> None:
    wanted = unmigrate(with_vm(LEAVING, RUNNING))
    assert wanted == replace(WANTED, serial=5)
    wanted = migrate(with_vm(LEAVING, RUNNING), "hv1", is_forced=True)
    assert wanted == replace(WANTED, serial=5)


def test_a_vm_called_back_to_where_it_had_been_migrated_keeps_its_home() -> None:
    onward = replace(AWAY, node="hv3", home_before="hv1", move=Move.MIGRATE, serial=4)
    wanted = migrate(with_vm(onward, THERE), "hv2", is_forced=True)
    assert wanted == replace(AWAY, serial=5)


def test_a_vm_on_its_way_is_sent_elsewhere_and_falls_back_to_what_it_had() -> None:
    wanted = migrate(with_vm(LEAVING, RUNNING), "hv3", is_forced=True)
    assert (wanted.node, wanted.home, wanted.home_before) == ("hv3", "hv1", "")


def test_a_fence_is_named_until_the_vm_was_taken_over_and_no_longer() -> None:
    fenced = replace(WANTED, node="hv2", fence="F", serial=4)
    assert move(with_vm(fenced, RUNNING), "hv3").fence == "F"
    assert move(with_vm(fenced, THERE), "hv3").fence == ""
    assert given_up(fenced, RUNNING).fence == ""


def test_nothing_is_called_back_to_a_node_that_was_fenced() -> None:
    store = with_vm(replace(LEAVING, fence="F"), RUNNING)
    put(store, {"/nodes/hv1/daemonstate": b"stop"})
    with pytest.raises(Conflict, match="cannot go to hv1: its daemon does not run"):
        unmigrate(store)


@pytest.mark.parametrize("order", [Move.MOVE, Move.MIGRATE])
def test_a_vm_that_is_off_keeps_its_serial(order: Move) -> None:
    wanted = after_move(STOPPED, OFF, Carrying.PLACE, MoveOrder(move=order), "hv2")
    assert wanted.serial == STOPPED.serial

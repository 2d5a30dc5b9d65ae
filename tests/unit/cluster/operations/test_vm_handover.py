"""A VM passes from node to node, and of two that want it one is refused."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from cluster.model.vm import (
    Arrival,
    ArrivalPhase,
    Move,
    Seen,
    SeenState,
    Transfer,
    TransferPhase,
    WantedState,
)
from cluster.operations import vm_handover
from cluster.records import vm_keys, vm_record
from cluster.records.view import snapshot
from cluster.records.vm_keys import VmKeys
from cluster.store.store import Change, Create, Store, Write
from runtime.errors import Conflict, NotFound, Refused
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
    soon,
    with_vm,
)

STARTING = Seen(state=SeenState.STARTING, node="hv2", serial=3)
TRANSFER = Transfer(serial=3, to="hv2", phase=TransferPhase.SENDING)
ARRIVAL = Arrival(serial=3, node="hv2", phase=ArrivalPhase.RECEIVING)


def test_of_two_nodes_that_claim_a_vm_one_is_refused() -> None:
    store = with_vm(seen=OFF)
    first, second = keys_of(store), keys_of(store)
    store.apply(vm_handover.claim(LAYOUT, first, STARTING), soon())
    with pytest.raises(Conflict):
        store.apply(vm_handover.claim(LAYOUT, second, replace(STARTING, node="hv3")), soon())
    assert keys_of(store).seen == STARTING


@pytest.mark.parametrize("key", ["vm.wanted", "vm.seen", "vm.xml"])
def test_a_claim_demands_what_it_was_decided_on(key: str) -> None:
    store = with_vm(seen=OFF)
    keys = keys_of(store)
    store.apply([Write(LAYOUT.path(key, vm=UUID), b"{}")], soon())
    with pytest.raises(Conflict):
        store.apply(vm_handover.claim(LAYOUT, keys, STARTING), soon())


def test_a_vm_that_runs_here_is_adopted_and_its_arrival_goes() -> None:
    store = with_vm(seen=OFF)
    store.apply(vm_handover.write_arrival(LAYOUT, keys_of(store), ARRIVAL), soon())
    now = replace(STARTING, state=SeenState.RUNNING)
    store.apply(vm_handover.adopt(LAYOUT, keys_of(store), now), soon())
    assert (keys_of(store).seen, keys_of(store).arrival) == (now, None)


def test_a_vm_whose_seen_is_missing_is_adopted_by_one() -> None:
    store = new_tree()
    put(store, {f"/domains/{UUID}": b"www", f"/domains/{UUID}/wanted": b"{}"})
    first, second = keys_of(store), keys_of(store)
    store.apply(vm_handover.adopt(LAYOUT, first, RUNNING), soon())
    with pytest.raises(Conflict):
        store.apply(vm_handover.adopt(LAYOUT, second, STARTING), soon())


def test_a_move_from_its_beginning_to_the_other_node() -> None:
    store = with_vm(wanted=replace(WANTED, node="hv2", move=Move.MOVE))
    store.apply(vm_handover.begin_move(LAYOUT, keys_of(store), TRANSFER), soon())
    half = replace(TRANSFER, percent=50)
    store.apply(vm_handover.write_transfer(LAYOUT, keys_of(store), half), soon())
    assert keys_of(store).transfer == half
    there = replace(RUNNING, node="hv2")
    store.apply(vm_handover.hand_over(LAYOUT, keys_of(store), there), soon())
    keys = keys_of(store)
    assert (keys.seen, keys.transfer) == (there, None)
    assert vm_handover.write_transfer(LAYOUT, keys, half) == []


@pytest.mark.parametrize("key", ["vm.wanted", "vm.seen"])
def test_no_move_begins_on_what_has_changed(key: str) -> None:
    store = with_vm()
    keys = keys_of(store)
    store.apply([Write(LAYOUT.path(key, vm=UUID), b"{}")], soon())
    with pytest.raises(Conflict):
        store.apply(vm_handover.begin_move(LAYOUT, keys, TRANSFER), soon())


def test_where_a_vm_is_does_not_depend_on_a_newer_order() -> None:
    store = with_vm()
    store.apply(vm_handover.begin_move(LAYOUT, keys_of(store), TRANSFER), soon())
    keys = keys_of(store)
    store.apply([Write(LAYOUT.path("vm.wanted", vm=UUID), b"{}")], soon())
    store.apply(vm_handover.hand_over(LAYOUT, keys, replace(RUNNING, node="hv2")), soon())
    assert keys_of(store).seen.node == "hv2"


@pytest.mark.parametrize(
    ("home_before", "home_after"), [("", ""), ("hv3", "hv3"), ("hv1", "")]
)  # a VM that was migrated away keeps its home when the next move is given up
def test_a_move_is_given_up(home_before: str, home_after: str) -> None:
    wanted = replace(
        WANTED,
        node="hv2",
        home="hv1",
        home_before=home_before,
        move=Move.MIGRATE,
        is_live_only=True,
        serial=4,
    )
    store = with_vm(wanted=wanted)
    store.apply(vm_handover.begin_move(LAYOUT, keys_of(store), TRANSFER), soon())
    store.apply(vm_handover.give_up_move(LAYOUT, keys_of(store), "hv2 is full"), soon())
    keys = keys_of(store)
    assert keys.wanted == replace(WANTED, home=home_after, serial=5)
    assert keys.seen == replace(RUNNING, serial=5, reason="hv2 is full")
    assert keys.transfer is None


def test_a_move_given_up_orders_no_second_restart() -> None:
    wanted = replace(WANTED, state=WantedState.RESTART, node="hv2")
    assert vm_handover.given_up(wanted, RUNNING).state is WantedState.START


def test_an_arrival_comes_and_goes() -> None:
    store = with_vm()
    store.apply(vm_handover.write_arrival(LAYOUT, keys_of(store), ARRIVAL), soon())
    assert keys_of(store).arrival == ARRIVAL
    store.apply(vm_handover.write_arrival(LAYOUT, keys_of(store), None), soon())
    assert keys_of(store).arrival is None
    assert vm_handover.write_arrival(LAYOUT, keys_of(store), None) == []


def removal(store: Store, keys: VmKeys) -> list[Change]:
    view = snapshot(store, vm_handover.removal_roots(LAYOUT, keys), soon())
    return vm_handover.remove_record(view, LAYOUT, keys)


def test_a_vm_is_removed_with_all_below_it() -> None:
    store = with_vm(seen=OFF, wanted=STOPPED)
    put(store, {f"/domains/{UUID}/snapshots/a": b"{}", f"/domains/{UUID}/snapshots/a/xml": b"x"})
    put(store, {f"/domains/{UUID}/console/000000000001": b"x"})
    store.apply(removal(store, keys_of(store)), soon())
    assert store.children("/domains", soon()) == store.children("/vm_names", soon()) == ()


def test_the_name_of_another_vm_is_left() -> None:
    store = with_vm(seen=OFF, wanted=STOPPED)
    put(store, {"/vm_names/www": b"another"})
    store.apply(removal(store, keys_of(store)), soon())
    assert store.children("/vm_names", soon()) == ("www",)


def test_a_vm_with_a_name_that_can_be_no_key_is_removed() -> None:
    store = new_tree()
    put(store, {f"/domains/{UUID}": b"a/b", f"/domains/{UUID}/seen": vm_record.seen_data(OFF)})
    store.apply(removal(store, keys_of(store)), soon())
    assert store.children("/domains", soon()) == ()


def _starts(store: Store) -> None:
    store.apply([Write(LAYOUT.path("vm.wanted", vm=UUID), vm_record.wanted_data(WANTED))], soon())


def _is_claimed(store: Store) -> None:
    store.apply([Write(LAYOUT.path("vm.seen", vm=UUID), vm_record.seen_data(RUNNING))], soon())


def _is_renamed(store: Store) -> None:
    store.apply([Write(LAYOUT.path("vm", vm=UUID), b"other")], soon())


def _gets_a_chunk(store: Store) -> None:
    store.apply([Create(f"/domains/{UUID}/console/000000000001", b"x")], soon())


@pytest.mark.parametrize("meanwhile", [_starts, _is_claimed, _is_renamed, _gets_a_chunk])
def test_nothing_is_removed_of_a_vm_that_has_changed(meanwhile: Callable[[Store], None]) -> None:
    store = with_vm(seen=OFF, wanted=STOPPED)
    changes = removal(store, keys_of(store))
    meanwhile(store)
    with pytest.raises(Refused):
        store.apply(changes, soon())
    assert store.read(LAYOUT.path("vm.xml", vm=UUID), soon()) is not None


def test_keys_of_many_vms_in_one_burst() -> None:
    store = with_vm()
    found = vm_keys.read_many(store, LAYOUT, [UUID, "none"], soon())
    assert found == {UUID: keys_of(store), "none": None}
    with pytest.raises(NotFound):
        store.apply(vm_keys.demand("/domains/none", 0), soon())

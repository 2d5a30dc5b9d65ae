"""Orders of a VM's state, its removal, its definition, its name and labels."""

from collections.abc import Callable
from dataclasses import replace
from itertools import product

import pytest

from cluster.definition.editing import with_memory
from cluster.definition.reading import read as read_definition
from cluster.lifecycle.transition import IllegalTransition
from cluster.lifecycle.vm import vm_state
from cluster.lifecycle.vm_orders import FORCED_ORDERS, ORDERS, Order
from cluster.model.vm import (
    Arrival,
    ArrivalPhase,
    Move,
    Seen,
    SeenState,
    Tag,
    Wanted,
    WantedState,
)
from cluster.operations import vm_handover
from cluster.operations.vm_labels import MetaEdit, add_tag, set_meta
from cluster.operations.vm_modify import Modified, modify, rename
from cluster.operations.vm_state import order_state, remove
from cluster.records.vm_record import seen_data, wanted_data
from cluster.store.store import Delete, Store, Write
from runtime.errors import Conflict, Invalid, NotFound, Refused
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
    with_vm,
    xml_of,
)
from tests.fakes.watched_store import WatchedStore

DELETED = replace(WANTED, state=WantedState.DELETE)
OTHER = "1c2f64a0-0000-4c0e-9c5a-000000000002"


def data(store: Store, key: str) -> bytes:
    value = store.read(LAYOUT.path(key, vm=UUID), soon())
    assert value is not None
    return value.data


@pytest.mark.parametrize("wanted", WantedState)
def test_every_order_in_every_state(wanted: WantedState) -> None:
    store = with_vm()
    ordered = replace(WANTED, state=wanted)
    for seen, order, is_forced in product(SeenState, Order, (False, True)):
        values = {"wanted": wanted_data(ordered), "seen": seen_data(replace(RUNNING, state=seen))}
        put(store, {f"/domains/{UUID}/{key}": data for key, data in values.items()})
        check_order(store, order, is_forced=is_forced)


def check_order(store: Store, order: Order, *, is_forced: bool) -> None:
    before = keys_of(store)
    pair = vm_state(before.wanted, before.seen), order
    expected = ORDERS.get(pair) or (FORCED_ORDERS.get(pair) if is_forced else None)
    if expected is None:
        with pytest.raises(Conflict, match=r"a VM in state|is being removed"):
            order_state(store, LAYOUT, UUID, order, is_forced=is_forced, deadline=soon())
        assert keys_of(store) == before
        return
    after = order_state(store, LAYOUT, UUID, order, is_forced=is_forced, deadline=soon())
    assert after == keys_of(store).wanted
    assert (after.state, after.serial, after.node) == (expected, 4, "hv1")
    assert after.is_forced == (is_forced and order is Order.DISABLE)
    assert keys_of(store).seen == before.seen


def test_an_order_in_the_middle_of_a_move_keeps_the_home() -> None:
    store = with_vm(replace(WANTED, node="hv2", home="hv1", move=Move.MIGRATE, home_before="hv3"))
    after = order_state(store, LAYOUT, UUID, Order.STOP, deadline=soon())
    expected = Wanted(state=WantedState.STOP, node="hv2", home="hv1", serial=4)
    assert after == expected


def test_a_vm_without_a_node_is_not_started() -> None:
    store = with_vm(replace(STOPPED, node=""), OFF)
    with pytest.raises(Conflict, match="www has no node"):
        order_state(store, LAYOUT, UUID, Order.START, deadline=soon())


def test_of_two_orders_at_once_the_second_is_decided_on_the_first() -> None:
    store = with_vm()

    def stopped() -> None:
        order_state(store, LAYOUT, UUID, Order.STOP, deadline=soon())

    with pytest.raises(IllegalTransition, match="in state stop allows no restart"):
        order_state(WatchedStore(store, stopped), LAYOUT, UUID, Order.RESTART, deadline=soon())
    store = with_vm()
    after = order_state(WatchedStore(store, stopped), LAYOUT, UUID, Order.START, deadline=soon())
    assert after.serial == keys_of(store).wanted.serial == 5


def test_a_vm_that_goes_while_an_order_is_given() -> None:
    store = with_vm(STOPPED, OFF)

    def gone() -> None:
        remove(store, LAYOUT, UUID, deadline=soon())

    with pytest.raises(NotFound, match="there is no VM"):
        order_state(WatchedStore(store, gone), LAYOUT, UUID, Order.START, deadline=soon())


def test_a_vm_that_is_off_is_removed_at_once() -> None:
    store = with_vm(STOPPED, OFF)
    put(store, {f"/domains/{UUID}/snapshots/a": b"{}"})
    assert remove(store, LAYOUT, UUID, deadline=soon()).is_done
    assert store.children("/domains", soon()) == store.children("/vm_names", soon()) == ()


@pytest.mark.parametrize(
    ("wanted", "seen", "with_volumes"),
    [(WANTED, RUNNING, False), (WANTED, RUNNING, True), (STOPPED, OFF, True)],
)
def test_else_its_node_removes_it(wanted: Wanted, seen: Seen, with_volumes: bool) -> None:
    store = with_vm(wanted, seen)
    assert not remove(store, LAYOUT, UUID, with_volumes=with_volumes, deadline=soon()).is_done
    expected = replace(DELETED, serial=4, removes_volumes=with_volumes)
    assert keys_of(store).wanted == expected


def test_a_vm_whose_copy_may_be_elsewhere_is_removed_by_its_node() -> None:
    store = with_vm(STOPPED, OFF)
    arrival = Arrival(serial=3, node="hv2", phase=ArrivalPhase.RECEIVING)
    store.apply(vm_handover.write_arrival(LAYOUT, keys_of(store), arrival), soon())
    assert not remove(store, LAYOUT, UUID, deadline=soon()).is_done


def test_a_vm_that_starts_while_it_is_removed_is_removed_by_its_node() -> None:
    store = with_vm(WANTED, OFF)

    def started() -> None:
        now = replace(RUNNING, state=SeenState.STARTING)
        store.apply(vm_handover.claim(LAYOUT, keys_of(store), now), soon())

    assert not remove(WatchedStore(store, started), LAYOUT, UUID, deadline=soon()).is_done
    assert keys_of(store).wanted.state is WantedState.DELETE


def modified(store: Store, xml: str, *, restart: bool = False) -> Modified:
    return modify(store, LAYOUT, UUID, xml, restart=restart, deadline=soon())


def test_another_definition() -> None:
    store = with_vm()
    more = with_memory(xml_of("www").replace("www_root", "other"), 1024)
    assert modified(store, more) == Modified(name="www", needs_restart=True)
    assert (keys_of(store).xml, keys_of(store).wanted) == (more, WANTED)
    assert data(store, "vm.volumes") == b"vms/other"
    assert not modified(store, more).needs_restart
    done = modified(store, more, restart=True)
    assert (done.needs_restart, done.serial) == (False, 4)
    assert keys_of(store).wanted == replace(WANTED, state=WantedState.RESTART, serial=4)


def test_a_definition_that_leaves_mac_addresses_out_keeps_those_it_was_given() -> None:
    store = with_vm()
    nic = "<interface type='bridge'><source bridge='vmbr7'/></interface>"
    xml = xml_of("www").replace("</devices>", f"{nic}</devices>")
    assert modified(store, xml).needs_restart
    (given,) = read_definition(keys_of(store).xml).nics
    assert given.mac
    assert not modified(store, xml).needs_restart
    assert read_definition(keys_of(store).xml).nics == (given,)


def test_a_vm_that_is_off_needs_no_restart() -> None:
    store = with_vm(STOPPED, OFF)
    more = with_memory(xml_of("www"), 1024)
    assert modified(store, more, restart=True) == Modified(name="www", needs_restart=False)
    assert keys_of(store).wanted == STOPPED


@pytest.mark.parametrize(
    ("xml", "why"),
    [
        (xml_of("other"), "a name is changed by rename"),
        (xml_of("www", OTHER), f"that of the VM www is {UUID} and stays"),
        ("<domain", "this is no XML"),
        (xml_of("www", memory_mb=0), "less than 1 MiB"),
    ],
)
def test_a_definition_that_is_refused(xml: str, why: str) -> None:
    store = with_vm()
    before = keys_of(store)
    with pytest.raises(Invalid, match=why):
        modified(store, xml)
    assert keys_of(store) == before


def test_a_definition_whose_restart_is_refused_is_not_changed() -> None:
    store = with_vm(replace(WANTED, node="hv2"))
    before = keys_of(store)
    with pytest.raises(IllegalTransition, match="in state migrate allows no restart"):
        modified(store, with_memory(xml_of("www"), 1024), restart=True)
    assert keys_of(store) == before


def test_of_two_definitions_at_once_the_last_one_stays_whole() -> None:
    store = with_vm()
    first, second = (with_memory(xml_of("www"), size) for size in (1024, 2048))
    modified(WatchedStore(store, lambda: modified(store, first)), second)
    assert keys_of(store).xml == second


def test_another_name() -> None:
    store = with_vm(STOPPED, OFF)
    assert rename(store, LAYOUT, UUID, "shop", deadline=soon()) == "www"
    keys = keys_of(store)
    assert (keys.name, read_definition(keys.xml).name) == ("shop", "shop")
    assert store.children("/vm_names", soon()) == ("shop",)


@pytest.mark.parametrize(
    ("wanted", "seen", "name", "why"),
    [
        (WANTED, RUNNING, "shop", "in state start allows no rename"),
        (STOPPED, RUNNING, "shop", "is not off yet on hv1"),
        (STOPPED, OFF, "www", "is named www already"),
        (STOPPED, OFF, "mail", "there is a VM named mail already"),
        (STOPPED, OFF, "a/b", "cannot be the name"),
        (DELETED, OFF, "shop", "is being removed and takes no orders"),
    ],
)
def test_a_name_that_is_refused(wanted: Wanted, seen: Seen, name: str, why: str) -> None:
    store = with_vm(wanted, seen)
    put_vm(store, "mail", uuid=OTHER)
    before = keys_of(store)
    with pytest.raises(Refused, match=why):
        rename(store, LAYOUT, UUID, name, deadline=soon())
    assert keys_of(store) == before


def test_a_name_that_is_taken_meanwhile() -> None:
    store = with_vm(STOPPED, OFF)
    watched = WatchedStore(store, lambda: put_vm(store, "shop", uuid=OTHER))
    with pytest.raises(Conflict, match="there is a VM named shop already"):
        rename(watched, LAYOUT, UUID, "shop", deadline=soon())
    assert store.children("/vm_names", soon()) == ("shop", "www")


def test_a_vm_whose_name_was_in_no_index_gets_into_it() -> None:
    store = with_vm(STOPPED, OFF)
    store.apply([Delete("/vm_names/www")], soon())
    rename(store, LAYOUT, UUID, "shop", deadline=soon())
    assert store.children("/vm_names", soon()) == ("shop",)


@pytest.mark.parametrize(
    "order",
    [
        lambda store: order_state(store, LAYOUT, UUID, Order.STOP, deadline=soon()),
        lambda store: remove(store, LAYOUT, UUID, deadline=soon()),
        lambda store: modified(store, xml_of("www")),
        lambda store: set_meta(store, LAYOUT, UUID, MetaEdit(autostart=True), deadline=soon()),
        lambda store: add_tag(store, LAYOUT, UUID, Tag(name="a"), deadline=soon()),
    ],
)
def test_a_vm_that_is_to_go_takes_no_orders(order: Callable[[Store], object]) -> None:
    with pytest.raises(Conflict, match="the VM www is being removed and takes no orders"):
        order(with_vm(DELETED))
    with pytest.raises(NotFound, match="there is no VM"):
        order(new_tree())


def test_an_unreadable_order_can_be_replaced() -> None:
    store = with_vm(seen=OFF)
    store.apply([Write(LAYOUT.path("vm.wanted", vm=UUID), b'{"node":"hv1"}')], soon())
    after = order_state(store, LAYOUT, UUID, Order.START, deadline=soon())
    assert (after.state, after.node) == (WantedState.START, "hv1")

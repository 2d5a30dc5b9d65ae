"""Orders to be on another node, given while others are at it too, and many in a row."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster.lifecycle.vm import is_moving
from cluster.model.node import WantedDomainState
from cluster.model.vm import Move, Wanted
from cluster.operations.node_orders import order_domain_state
from cluster.operations.vm_handover import given_up
from cluster.operations.vm_move import order_migrate, order_move, order_unmigrate
from cluster.store.store import Store, Write
from runtime.errors import Conflict, Refused
from tests.fakes.vm_tree import LAYOUT, UUID, WANTED, keys_of, put_vm, soon, with_vm
from tests.fakes.watched_store import WatchedStore


def migrate(store: Store, node: str, *, is_forced: bool = False) -> Wanted:
    return order_migrate(store, LAYOUT, UUID, node=node, is_forced=is_forced, deadline=soon())


def move(store: Store, node: str) -> Wanted:
    return order_move(store, LAYOUT, UUID, node=node, deadline=soon())


def unmigrate(store: Store) -> Wanted:
    return order_unmigrate(store, LAYOUT, UUID, deadline=soon())


def test_of_two_orders_at_once_the_second_is_decided_on_the_first() -> None:
    store = with_vm()
    watched = WatchedStore(store, lambda: migrate(store, "hv3"))
    with pytest.raises(Conflict, match="was migrated from hv1 already"):
        migrate(watched, "hv2")
    assert keys_of(store).wanted.node == "hv3"
    watched = WatchedStore(store, lambda: move(store, "hv2"))
    with pytest.raises(Conflict, match="is on hv2 already"):
        move(watched, "hv2")


def test_a_vm_that_is_claimed_meanwhile_is_decided_on_again() -> None:
    store = with_vm(replace(WANTED, fence="F", node="hv2"))

    def taken_over() -> None:
        store.apply([Write(f"/domains/{UUID}/seen", b'{"state":"running","node":"hv2"}')], soon())

    assert move(WatchedStore(store, taken_over), "hv3").fence == ""


def test_two_nodes_flushed_at_once_never_send_to_each_other() -> None:
    store = with_vm()

    def flushed() -> None:
        order_domain_state(store, LAYOUT, "hv2", WantedDomainState.FLUSHED, deadline=soon())

    with pytest.raises(Conflict, match="it is to be flushed"):
        migrate(WatchedStore(store, flushed), "hv2")
    assert keys_of(store).wanted == WANTED


def test_an_order_gives_up_when_others_are_always_faster() -> None:
    store = with_vm()

    def another() -> None:
        data = store.read(f"/domains/{UUID}/wanted", soon())
        assert data is not None
        store.apply([Write(f"/domains/{UUID}/wanted", data.data)], soon())

    with pytest.raises(Conflict, match="changes faster"):
        migrate(WatchedStore(store, another, always=True), "hv2")


NODES = st.sampled_from(["hv1", "hv2", "hv3"])
STEPS = st.lists(
    st.tuples(st.sampled_from([Move.MOVE, Move.MIGRATE, Move.UNMIGRATE]), NODES, st.booleans()),
    max_size=8,
)


@given(STEPS)
def test_through_any_orders_home_is_elsewhere_and_serials_rise(
    steps: list[tuple[Move, str, bool]],
) -> None:
    store = with_vm()
    for kind, node, arrives in steps:
        before = keys_of(store).wanted
        try:
            if kind is Move.UNMIGRATE:
                wanted = unmigrate(store)
            else:
                wanted = (move if kind is Move.MOVE else _force)(store, node)
        except Refused:
            assert keys_of(store).wanted == before
            continue
        seen = keys_of(store).seen
        assert wanted.serial == before.serial + 1
        assert wanted.home != wanted.node
        assert (wanted.move is Move.NONE) == (seen.node == wanted.node)
        back = given_up(wanted, seen)
        assert back.node == seen.node != back.home
        if arrives:
            put_vm(store, wanted=wanted, seen=replace(seen, node=wanted.node))
        assert is_moving(wanted, keys_of(store).seen) == (keys_of(store).seen.node != wanted.node)


def _force(store: Store, node: str) -> Wanted:
    return migrate(store, node, is_forced=True)

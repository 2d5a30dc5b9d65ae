"""Orders that a node gives for its own sake."""

from dataclasses import replace

import pytest

from cluster.model.vm import Move, Seen, Wanted, WantedState
from cluster.operations import flush_orders
from cluster.store.store import Change, Store
from runtime.errors import Conflict
from tests.fakes.vm_tree import (
    LAYOUT,
    RUNNING,
    UUID,
    WANTED,
    keys_of,
    new_tree,
    put,
    put_vm,
    soon,
)

LEFT = Wanted(
    state=WantedState.START, node="hv2", home="hv1", serial=4, move=Move.MIGRATE
)  # what a flush of hv1 orders of WANTED


def flushed(wanted: Wanted = WANTED, seen: Seen = RUNNING, *, state: bytes = b"flushed") -> Store:
    store = new_tree()
    put_vm(store, wanted=wanted, seen=seen)
    put(store, {"/nodes/hv1/wanted_domainstate": state})
    return store


def away(store: Store) -> list[Change]:
    node = store.read_many(flush_orders.node_paths(LAYOUT, "hv1"), soon())
    target = store.read("/nodes/hv2/wanted_domainstate", soon())
    assert target is not None
    return flush_orders.migrate(
        LAYOUT, keys_of(store), node, of="hv1", to="hv2", version=target.version
    )


def home(store: Store) -> list[Change]:
    node = store.read_many(flush_orders.node_paths(LAYOUT, "hv1"), soon())
    return flush_orders.unmigrate(LAYOUT, keys_of(store), node, of="hv1")


def test_a_vm_is_sent_away() -> None:
    store = flushed()
    store.apply(away(store), soon())
    assert keys_of(store).wanted == LEFT


def test_a_restart_that_is_done_is_not_ordered_again() -> None:
    store = flushed(replace(WANTED, state=WantedState.RESTART))
    store.apply(away(store), soon())
    assert keys_of(store).wanted == LEFT


def test_a_restart_under_way_comes_first() -> None:
    assert away(flushed(replace(WANTED, state=WantedState.RESTART, serial=4))) == []


def test_a_fence_that_has_freed_it_is_named_no_longer() -> None:
    store = flushed(replace(WANTED, fence="F"))
    store.apply(away(store), soon())
    assert keys_of(store).wanted == LEFT


@pytest.mark.parametrize(
    "path",
    ["/nodes/hv1/wanted_domainstate", "/nodes/hv2/wanted_domainstate", f"/domains/{UUID}/seen"],
)
def test_what_has_changed_meanwhile_refuses_it(path: str) -> None:
    store = flushed()
    changes = away(store)
    value = store.read(path, soon())
    assert value is not None
    put(store, {path: value.data})
    with pytest.raises(Conflict):
        store.apply(changes, soon())


def test_a_vm_comes_home_or_is_called_back() -> None:
    arrived = replace(RUNNING, node="hv2", serial=4)
    store = flushed(LEFT, arrived, state=b"ready")
    store.apply(home(store), soon())
    assert keys_of(store).wanted == replace(
        WANTED, serial=5, move=Move.UNMIGRATE, home_before="hv1"
    )
    store = flushed(LEFT, RUNNING, state=b"ready")
    store.apply(home(store), soon())
    assert keys_of(store).wanted == replace(WANTED, serial=5)


def test_the_opposite_order_is_heeded() -> None:
    assert away(flushed(state=b"ready")) == []
    assert home(flushed(LEFT)) == []

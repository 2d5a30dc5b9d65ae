"""The one state people see of a VM, and which orders it allows."""

from dataclasses import replace
from itertools import product

import pytest

from cluster.lifecycle.transition import IllegalTransition
from cluster.lifecycle.vm import home_of, is_moving, node_of, vm_state
from cluster.lifecycle.vm_orders import (
    EDITS,
    FORCED_ORDERS,
    MOVES,
    ORDERS,
    Carrying,
    Edit,
    Order,
    allowed_in,
    carrying,
    check_edit,
    wanted_after,
)
from cluster.model.vm import Move, Seen, SeenState, VmState, Wanted, WantedState

WANTED = Wanted(state=WantedState.START, node="hv1", serial=3)
RUNNING = Seen(state=SeenState.RUNNING, node="hv1", serial=3)


@pytest.mark.parametrize(("state", "order"), list(product(VmState, Order)))
def test_every_pair_is_in_the_table_or_refused(state: VmState, order: Order) -> None:
    if (state, order) in ORDERS:
        assert wanted_after(state, order) is ORDERS[state, order]
        return
    with pytest.raises(IllegalTransition):
        wanted_after(state, order)
    if (state, order) in FORCED_ORDERS:
        assert wanted_after(state, order, is_forced=True).value == order.value


@pytest.mark.parametrize(("state", "move"), list(product(VmState, Move)))
def test_every_move_is_in_the_table_or_refused(state: VmState, move: Move) -> None:
    if (state, move) in MOVES:
        assert carrying(state, move) is MOVES[state, move]
        return
    with pytest.raises(IllegalTransition):
        carrying(state, move)


@pytest.mark.parametrize(("state", "edit"), list(product(VmState, Edit)))
def test_every_edit_is_in_the_table_or_refused(state: VmState, edit: Edit) -> None:
    if (state, edit) in EDITS:
        check_edit(state, edit)
        return
    with pytest.raises(IllegalTransition):
        check_edit(state, edit)


def test_a_vm_that_is_to_go_takes_no_order_at_all() -> None:
    assert allowed_in(VmState.DELETE) == ()


def test_a_refusal_says_what_would_be_allowed() -> None:
    with pytest.raises(IllegalTransition) as caught:
        wanted_after(VmState.MIRROR, Order.RESTART)
    assert caught.value.message == (
        "a VM in state mirror allows no restart; it allows start with force, stop with force, "
        "disable with force, move, migrate, unmigrate, modify, label, remove"
    )


def test_a_vm_on_its_way_can_be_called_back_and_ended() -> None:
    for state in (VmState.MIGRATE, VmState.MIGRATE_LIVE, VmState.UNMIGRATE):
        assert carrying(state, Move.UNMIGRATE) is Carrying.REDIRECT
        assert wanted_after(state, Order.STOP) is WantedState.STOP
        with pytest.raises(IllegalTransition):
            wanted_after(state, Order.RESTART)


def test_an_order_wants_what_it_says() -> None:
    assert all(wanted.value == order.value for (_, order), wanted in ORDERS.items())


@pytest.mark.parametrize(
    ("wanted", "seen", "node"), list(product(WantedState, SeenState, ("hv1", "hv2")))
)
def test_every_pair_has_a_state(wanted: WantedState, seen: SeenState, node: str) -> None:
    state = vm_state(replace(WANTED, state=wanted), replace(RUNNING, state=seen, node=node))
    assert isinstance(state, VmState)


@pytest.mark.parametrize(
    ("wanted", "seen", "state"),
    [
        (WANTED, RUNNING, VmState.START),
        (WANTED, replace(RUNNING, state=SeenState.OFF), VmState.START),
        (WANTED, replace(RUNNING, state=SeenState.FAILED), VmState.FAIL),
        (WANTED, replace(RUNNING, state=SeenState.FAILED, serial=2), VmState.START),
        (replace(WANTED, node="hv2"), RUNNING, VmState.MIGRATE),
        (replace(WANTED, node="hv2", is_live_only=True), RUNNING, VmState.MIGRATE_LIVE),
        (replace(WANTED, node="hv2", move=Move.UNMIGRATE), RUNNING, VmState.UNMIGRATE),
        (replace(WANTED, node="hv2"), replace(RUNNING, state=SeenState.OFF), VmState.START),
        (replace(WANTED, state=WantedState.RESTART), RUNNING, VmState.START),
        (replace(WANTED, state=WantedState.RESTART, serial=4), RUNNING, VmState.RESTART),
        (replace(WANTED, state=WantedState.SHUTDOWN), RUNNING, VmState.SHUTDOWN),
        (
            replace(WANTED, state=WantedState.SHUTDOWN),
            replace(RUNNING, state=SeenState.OFF),
            VmState.STOP,
        ),
        (replace(WANTED, state=WantedState.DISABLE), RUNNING, VmState.SHUTDOWN),
        (replace(WANTED, state=WantedState.DISABLE, is_forced=True), RUNNING, VmState.DISABLE),
        (replace(WANTED, state=WantedState.STOP), RUNNING, VmState.STOP),
        (replace(WANTED, state=WantedState.UNKNOWN), RUNNING, VmState.FAIL),
    ],
)
def test_what_people_see(wanted: Wanted, seen: Seen, state: VmState) -> None:
    assert vm_state(wanted, seen) is state


@pytest.mark.parametrize(("seen", "node"), list(product(SeenState, ("hv2", ""))))
def test_where_people_see_it(seen: SeenState, node: str) -> None:
    record = replace(RUNNING, state=seen, node=node)
    assert node_of(WANTED, record) == ("hv2" if seen.may_run and node else "hv1")
    assert is_moving(WANTED, record) == (seen.may_run and bool(node))


def test_home_is_shown_only_while_it_is_elsewhere() -> None:
    away = replace(WANTED, node="hv2", home="hv1")
    assert home_of(away, RUNNING) == ""
    assert home_of(away, replace(RUNNING, node="hv2")) == "hv1"
    assert home_of(WANTED, RUNNING) == ""


def test_a_move_that_was_given_up_is_a_start() -> None:
    assert vm_state(replace(WANTED, serial=5), replace(RUNNING, serial=5)) is VmState.START


def test_what_nobody_has_looked_at_yet_is_on_its_node() -> None:
    unknown = Seen(state=SeenState.UNKNOWN, node="")
    assert vm_state(WANTED, unknown) is VmState.START

"""The one state people see of a VM, and which orders it allows."""

from dataclasses import replace
from itertools import product

import pytest

from cluster.lifecycle.transition import IllegalTransition
from cluster.lifecycle.vm import FORCED_ORDERS, ORDERS, Order, vm_state, wanted_after
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

"""Orders of a VM's state: start, restart, shutdown, stop, disable; and its removal."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from cluster.lifecycle.vm_orders import Edit, Order, check_edit, wanted_after
from cluster.model.vm import Move, Wanted, WantedState
from cluster.operations import vm_handover
from cluster.operations.attempt import until_applied
from cluster.operations.vm_moving import kept_fence
from cluster.operations.vm_reading import ordered, read_vm, state_of
from cluster.records.view import snapshot
from cluster.records.vm_keys import VmKeys
from cluster.schema.layout import Layout
from cluster.store.store import Change, Store
from runtime.deadline import Deadline
from runtime.errors import Conflict


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """What became of an order to remove a VM."""

    is_done: bool
    """False: the vm worker of its node does the rest."""


def order_state(
    store: Store,
    layout: Layout,
    uuid: str,
    order: Order,
    *,
    is_forced: bool = False,
    deadline: Deadline,
) -> Wanted:
    """Order the state of a VM; returns the order, which is carried out when `seen.serial` has
    reached its serial. Raises `IllegalTransition` when the state does not allow it."""

    def decide() -> tuple[Sequence[Change], Wanted]:
        keys, _ = read_vm(store, layout, uuid, deadline)
        wanted = after_order(keys, order, is_forced=is_forced)
        return ordered(layout, keys, wanted), wanted

    return until_applied(store, decide, deadline, what=f"the VM {uuid}")


def after_order(keys: VmKeys, order: Order, *, is_forced: bool = False) -> Wanted:
    """Return what is wanted after an order; raises `IllegalTransition`."""
    state = wanted_after(state_of(keys), order, is_forced=is_forced)
    if order in (Order.START, Order.RESTART) and not keys.wanted.node:
        raise Conflict(f"the VM {keys.name} has no node: move it to one first", vm=keys.name)
    return replace(
        _plain(keys, state),
        is_forced=is_forced and order is Order.DISABLE,
    )


def remove(
    store: Store,
    layout: Layout,
    uuid: str,
    *,
    with_volumes: bool = False,
    deadline: Deadline,
) -> Removal:
    """Remove a VM, with its volumes if so ordered: at once when it is off and they stay, else by
    the vm worker of its node."""
    decide = partial(_decide_removal, store, layout, uuid, with_volumes, deadline)
    return until_applied(store, decide, deadline, what=f"the VM {uuid}")


def _decide_removal(
    store: Store, layout: Layout, uuid: str, with_volumes: bool, deadline: Deadline
) -> tuple[Sequence[Change], Removal]:
    keys, _ = read_vm(store, layout, uuid, deadline)
    check_edit(state_of(keys), Edit.REMOVE)
    is_anywhere = keys.seen.state.may_run or keys.transfer is not None or keys.arrival is not None
    if with_volumes or is_anywhere:
        wanted = replace(_plain(keys, WantedState.DELETE), removes_volumes=with_volumes)
        return ordered(layout, keys, wanted), Removal(is_done=False)
    view = snapshot(store, vm_handover.removal_roots(layout, keys), deadline)
    return vm_handover.remove_record(view, layout, keys), Removal(is_done=True)


def _plain(keys: VmKeys, state: WantedState) -> Wanted:
    """The next order, without anything that only the last one said."""
    return Wanted(
        state=state,
        node=keys.wanted.node,
        home=keys.wanted.home,
        serial=keys.wanted.serial + 1,
        move=Move.NONE,
        fence=kept_fence(keys.wanted, keys.seen),
    )

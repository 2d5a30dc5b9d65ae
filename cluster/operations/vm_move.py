"""Orders to be on another node: move, migrate, unmigrate."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from cluster.definition.reading import examine
from cluster.lifecycle.vm import node_of
from cluster.lifecycle.vm_orders import Carrying, carrying
from cluster.model.vm import Move, Selector, VmMeta, Wanted
from cluster.operations.attempt import until_applied
from cluster.operations.move_target import Target, read_target
from cluster.operations.vm_moving import MoveOrder, after_move, check_order, check_target
from cluster.operations.vm_reading import ordered, read_vm, state_of, vm_path
from cluster.placement import Candidate, Request, place
from cluster.records.vm_keys import VmKeys
from cluster.records.vm_label_record import read_meta
from cluster.schema.layout import Layout
from cluster.store.store import Change, Check, Store
from runtime.deadline import Deadline
from runtime.errors import Conflict


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where VMs may go, for an order that names no node."""

    candidates: tuple[Candidate, ...] = ()
    default: Selector = Selector.NONE
    """What the cluster's configuration says."""


_NO_PLACES: Final = Places()


def order_migrate(
    store: Store,
    layout: Layout,
    uuid: str,
    *,
    node: str | None = None,
    is_forced: bool = False,
    is_live_only: bool = False,
    places: Places = _NO_PLACES,
    deadline: Deadline,
) -> Wanted:
    """Order a VM elsewhere for now: it remembers its home."""
    order = MoveOrder(move=Move.MIGRATE, node=node, is_forced=is_forced, is_live_only=is_live_only)
    return _order(store, layout, uuid, order, places, deadline)


def order_move(
    store: Store,
    layout: Layout,
    uuid: str,
    *,
    node: str | None = None,
    is_live_only: bool = False,
    places: Places = _NO_PLACES,
    deadline: Deadline,
) -> Wanted:
    """Order a VM elsewhere for good; to where it is: that it belongs there."""
    order = MoveOrder(move=Move.MOVE, node=node, is_live_only=is_live_only)
    return _order(store, layout, uuid, order, places, deadline)


def order_unmigrate(
    store: Store,
    layout: Layout,
    uuid: str,
    *,
    is_live_only: bool = False,
    places: Places = _NO_PLACES,
    deadline: Deadline,
) -> Wanted:
    """Order a VM that was migrated back to its home."""
    order = MoveOrder(move=Move.UNMIGRATE, is_live_only=is_live_only)
    return _order(store, layout, uuid, order, places, deadline)


def _order(
    store: Store,
    layout: Layout,
    uuid: str,
    order: MoveOrder,
    places: Places,
    deadline: Deadline,
) -> Wanted:
    path = vm_path(layout, "vm.meta", uuid)

    def decide() -> tuple[Sequence[Change], Wanted]:
        keys, values = read_vm(store, layout, uuid, deadline, more=[path])
        meta = read_meta(None if (found := values[path]) is None else found.data)
        how = carrying(state_of(keys), order.move)
        check_order(keys.name, keys.wanted, keys.seen, how, order)
        target = _target(keys, meta, how, order, places)
        check_target(keys.name, keys.wanted, meta, order, target)
        node = read_target(store, layout, target, deadline)
        wanted = after_move(keys.wanted, keys.seen, how, order, target)
        demands = _demands(keys, node, how, order)
        return [*ordered(layout, keys, wanted), *demands], wanted

    return until_applied(store, decide, deadline, what=f"the VM {uuid}")


def _target(keys: VmKeys, meta: VmMeta, how: Carrying, order: MoveOrder, places: Places) -> str:
    if order.move is Move.UNMIGRATE:
        return keys.wanted.home
    if order.node:
        return order.node
    definition = None if how is Carrying.PLACE else examine(keys.xml)
    request = Request(
        vm=keys.name,
        memory_mb=definition.memory_mb if definition else 0,
        vcpus=definition.vcpus if definition else 0,
        selector=meta.node_selector,
        node_limit=meta.node_limit,
        on=node_of(keys.wanted, keys.seen),
        excluded=frozenset({keys.wanted.node}),
    )
    answer = place(request, places.candidates, default=places.default)
    if answer.node is None:
        raise Conflict(
            f"there is no node for the VM {keys.name}: {answer.explanation}", vm=keys.name
        )
    return answer.node


def _demands(keys: VmKeys, node: Target, how: Carrying, order: MoveOrder) -> list[Check]:
    """Demand that a node that is to receive a VM goes on to take VMs."""
    # Nothing stays on a node that was fenced.
    stays = keys.seen.state.may_run and keys.seen.node == node.name and not keys.wanted.fence
    if how is Carrying.PLACE or stays:
        return []
    if why := node.why_closed(is_homecoming=order.move is Move.UNMIGRATE):
        raise Conflict(
            f"the VM {keys.name} cannot go to {node.name}: {why}", vm=keys.name, node=node.name
        )
    return node.demands()

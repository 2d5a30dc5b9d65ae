"""Transactions by which a VM passes from node to node, by the vm workers; pure.

Invariant: `vm.seen` is written by the node named in it, and it passes on only by `claim`, `adopt`
or `hand_over`, each demanding the version on which it was decided. Of two nodes that want a VM one
is refused, and nothing was changed by the one that was.

Each function takes a fresh read (`cluster.records.vm_keys.VmKeys`) and returns the changes of one
transaction. `Conflict` or `NotFound` from it mean: somebody was faster, decide again.
"""

from collections.abc import Sequence
from dataclasses import replace

from cluster.model.vm import Arrival, Move, Seen, Transfer, Wanted, WantedState
from cluster.records.move_record import arrival_data, transfer_data
from cluster.records.view import TreeView
from cluster.records.vm_keys import VmKeys, demand, put
from cluster.records.vm_record import find, seen_data, wanted_data
from cluster.schema.layout import Layout
from cluster.schema.shape import can_be_name
from cluster.store.store import Change, Create, Delete


def claim(layout: Layout, keys: VmKeys, now: Seen) -> list[Change]:
    """Make a VM ours to start it, from the definition that was read: the order, what was seen and
    the definition must still be as they were. The transfer of a node that was fenced goes too."""
    return [
        *demand(layout.path("vm.wanted", vm=keys.uuid), keys.wanted_version),
        *demand(layout.path("vm.xml", vm=keys.uuid), keys.xml_version),
        _seen(layout, keys, now),
        *_end_transfer(layout, keys),
    ]


def adopt(layout: Layout, keys: VmKeys, now: Seen) -> list[Change]:
    """Make a VM ours that runs here and is nobody else's, by the same order and the same seen."""
    wanted = demand(layout.path("vm.wanted", vm=keys.uuid), keys.wanted_version)
    return [*wanted, _seen(layout, keys, now), *_end_arrival(layout, keys)]


def confirm(layout: Layout, keys: VmKeys) -> list[Change]:
    """Demand that all is as it was read, and change nothing. A read may come from a server that
    lags behind, for seconds while it is cut off; a transaction is judged by the leader."""
    transfer = layout.path("vm.transfer", vm=keys.uuid)
    changes: list[Change] = [
        *demand(layout.path("vm.wanted", vm=keys.uuid), keys.wanted_version),
        *demand(layout.path("vm.seen", vm=keys.uuid), keys.seen_version),
        *demand(transfer, keys.transfer_version),
    ]
    if keys.transfer_version is None:
        # That there is none can only be demanded by making one.
        changes += [Create(transfer, b""), Delete(transfer)]
    return changes


def write_seen(layout: Layout, keys: VmKeys, now: Seen) -> list[Change]:
    """Say what is seen of a VM that is ours."""
    return [_seen(layout, keys, now)]


def hand_over(layout: Layout, keys: VmKeys, now: Seen) -> list[Change]:
    """End the move: what is seen now, here or on the node that has it, and no transfer any more.

    The order is not demanded: where the VM is does not depend on what is wanted by now.
    """
    return [_seen(layout, keys, now), *_end_transfer(layout, keys)]


def begin_move(layout: Layout, keys: VmKeys, transfer: Transfer) -> list[Change]:
    """Announce a move before its first step, by the same order and the same seen."""
    return [
        *demand(layout.path("vm.wanted", vm=keys.uuid), keys.wanted_version),
        *demand(layout.path("vm.seen", vm=keys.uuid), keys.seen_version),
        put(
            layout.path("vm.transfer", vm=keys.uuid), transfer_data(transfer), keys.transfer_version
        ),
    ]


def write_transfer(layout: Layout, keys: VmKeys, transfer: Transfer) -> list[Change]:
    """Say how far a move is; nothing when it is over meanwhile."""
    if keys.transfer_version is None:
        return []
    path = layout.path("vm.transfer", vm=keys.uuid)
    return [put(path, transfer_data(transfer), keys.transfer_version)]


def given_up(wanted: Wanted, seen: Seen) -> Wanted:
    """Return the order that a VM stays on the node it is seen on, since its move failed."""
    return replace(
        wanted,
        # A restart that is done already must not be ordered a second time by the new serial.
        state=WantedState.START if wanted.state is WantedState.RESTART else wanted.state,
        node=seen.node,
        home="" if wanted.home_before == seen.node else wanted.home_before,
        home_before="",
        move=Move.NONE,
        is_live_only=False,
        is_forced=False,
        fence="",
        serial=wanted.serial + 1,
    )


def give_up_move(layout: Layout, keys: VmKeys, reason: str) -> list[Change]:
    """Order that the VM stays where it is and say why; the transfer ends with it."""
    wanted = given_up(keys.wanted, keys.seen)
    path = layout.path("vm.wanted", vm=keys.uuid)
    return [
        put(path, wanted_data(wanted), keys.wanted_version),
        _seen(layout, keys, replace(keys.seen, serial=wanted.serial, reason=reason)),
        *_end_transfer(layout, keys),
    ]


def write_arrival(layout: Layout, keys: VmKeys, arrival: Arrival | None) -> list[Change]:
    """Say that a copy is here that is not ours yet, or (None) is here no more."""
    if arrival is None:
        return _end_arrival(layout, keys)
    path = layout.path("vm.arrival", vm=keys.uuid)
    return [put(path, arrival_data(arrival), keys.arrival_version)]


def removal_roots(layout: Layout, keys: VmKeys) -> list[str]:
    """Return what to read (`cluster.records.view.snapshot`) before `remove_record`."""
    roots = [layout.path("vm", vm=keys.uuid)]
    return [*roots, *_name_index(layout, keys)]


def remove_record(view: TreeView, layout: Layout, keys: VmKeys) -> list[Change]:
    """Remove a VM that is off with all below it and its name, if nothing has changed since.

    `view` holds `removal_roots`, read after `keys`.
    """
    top = layout.path("vm", vm=keys.uuid)
    versions = {
        layout.path("vm.wanted", vm=keys.uuid): keys.wanted_version,
        layout.path("vm.seen", vm=keys.uuid): keys.seen_version,
    }
    below = (_delete(path, versions.get(path)) for path in _deepest_first(view, top))
    is_indexed = can_be_name(keys.name) and find(view, layout, keys.name) == keys.uuid
    index = [Delete(path) for path in _name_index(layout, keys)] if is_indexed else []
    return [*index, *below, Delete(top, keys.name_version)]


def _seen(layout: Layout, keys: VmKeys, now: Seen) -> Change:
    return put(layout.path("vm.seen", vm=keys.uuid), seen_data(now), keys.seen_version)


def _end_transfer(layout: Layout, keys: VmKeys) -> list[Change]:
    if keys.transfer_version is None:
        return []
    return [Delete(layout.path("vm.transfer", vm=keys.uuid), keys.transfer_version)]


def _end_arrival(layout: Layout, keys: VmKeys) -> list[Change]:
    if keys.arrival_version is None:
        return []
    return [Delete(layout.path("vm.arrival", vm=keys.uuid), keys.arrival_version)]


def _delete(path: str, version: int | None) -> Delete:
    return Delete(path) if version is None else Delete(path, version)


def _deepest_first(view: TreeView, top: str) -> Sequence[str]:
    """All keys below a key; none stands before what is below it."""
    found: list[str] = []
    waiting = [top]
    while waiting:
        path = waiting.pop()
        below = [f"{path}/{name}" for name in sorted(view.children(path) or ())]
        found += below
        waiting += below
    return found[::-1]


def _name_index(layout: Layout, keys: VmKeys) -> list[str]:
    return [layout.path("vm_name", name=keys.name)] if can_be_name(keys.name) else []

"""Orders that a node gives for its own sake: VMs away when it is flushed, home when it is ready.

Invariant: an order that sends a VM to a node demands that this node still takes VMs, and the one
who gives it that it is still flushed, or ready: of two nodes that are flushed at once none sends to
the other. `Conflict` and `NotFound` mean: something has changed, decide again.
"""

from collections.abc import Mapping
from dataclasses import replace

from cluster.lifecycle.domain import completed, ordered
from cluster.lifecycle.vm_orders import Carrying
from cluster.model.node import DomainState, WantedDomainState
from cluster.model.vm import Move, WantedState
from cluster.operations.vm_moving import MoveOrder, after_move
from cluster.operations.vm_reading import ordered as written
from cluster.records.vm_keys import VmKeys, put
from cluster.schema import codec
from cluster.schema.layout import Layout
from cluster.store.store import Change, Check, Value

_OFF = (WantedState.STOP, WantedState.SHUTDOWN)


def migrate(
    layout: Layout,
    keys: VmKeys,
    node: Mapping[str, Value | None],
    *,
    of: str,
    to: str,
    version: int,
) -> list[Change]:
    """Order a VM from the node `of` to another one, whose wanted domain state has this version;
    nothing when it is not to be there any more. `node` are the keys of `of`."""
    wanted = keys.wanted
    if wanted.node != of or to == of or not _runs(keys):
        return []
    guard = _guard(layout, node, of, WantedDomainState.FLUSHED)
    order = MoveOrder(move=Move.MIGRATE)
    away = after_move(wanted, keys.seen, Carrying.TRANSFER, order, to)
    there = Check(layout.path("node.wanted_domain_state", node=to), version)
    return [*guard, there, *written(layout, keys, away)] if guard else []


def unmigrate(
    layout: Layout, keys: VmKeys, node: Mapping[str, Value | None], *, of: str
) -> list[Change]:
    """Order a VM back to its home `of`; nothing when that is not its home any more."""
    wanted = keys.wanted
    if wanted.home != of or wanted.node == of:
        return []
    how = Carrying.TRANSFER if _runs(keys) else Carrying.PLACE
    back = after_move(wanted, keys.seen, how, MoveOrder(move=Move.UNMIGRATE), of)
    guard = _guard(layout, node, of, WantedDomainState.READY)
    return [*guard, *written(layout, keys, back)] if guard else []


def autostart(
    layout: Layout, keys: VmKeys, node: Mapping[str, Value | None], meta: Value | None, *, of: str
) -> list[Change]:
    """Order a VM that is off to start, and that it does not start by itself the next time."""
    wanted, plain = keys.wanted, codec.read_object(meta.data if meta is not None else None)
    is_off = wanted.state in _OFF and not keys.seen.state.may_run
    if wanted.node != of or not is_off or plain is None or meta is None:
        return []
    if not codec.as_flag(plain.get("autostart")):
        return []
    started = replace(
        wanted,
        state=WantedState.START,
        move=Move.NONE,
        home_before="",
        is_live_only=False,
        is_forced=False,
        fence="",
        serial=wanted.serial + 1,
    )
    guard = _guard(layout, node, of, WantedDomainState.READY)
    once = put(
        layout.path("vm.meta", vm=keys.uuid),
        codec.to_json({**plain, "autostart": False}),
        meta.version,
    )
    return [*guard, *written(layout, keys, started), once] if guard else []


def domain_state(
    layout: Layout, node: Mapping[str, Value | None], *, of: str, now: DomainState
) -> list[Change]:
    """Say whether a node takes VMs; nothing when that is said already or no order asks for it."""
    path = layout.path("node.domain_state", node=of)
    there, wanted = node[path], _wanted(layout, node, of)
    was = codec.read_enum(DomainState, there.data if there is not None else None)
    state = was or DomainState.FLUSHED
    if (
        wanted is None
        or now is was
        or now not in (ordered(state, wanted), completed(state, wanted))
    ):
        return []
    version = None if there is None else there.version
    return [*_guard(layout, node, of, wanted), put(path, now.encode(), version)]


def node_paths(layout: Layout, node: str) -> list[str]:
    """Return which keys of a node its orders depend on."""
    return [
        layout.path(f"node.{key}", node=node) for key in ("domain_state", "wanted_domain_state")
    ]


def _wanted(layout: Layout, node: Mapping[str, Value | None], of: str) -> WantedDomainState | None:
    value = node[layout.path("node.wanted_domain_state", node=of)]
    return codec.read_enum(WantedDomainState, None if value is None else value.data)


def _guard(
    layout: Layout, node: Mapping[str, Value | None], of: str, wanted: WantedDomainState
) -> list[Change]:
    """Demand that this is still wanted of the node; nothing when it is not even now."""
    path = layout.path("node.wanted_domain_state", node=of)
    value = node[path]
    if value is None or _wanted(layout, node, of) is not wanted:
        return []
    return [Check(path, value.version)]


def _runs(keys: VmKeys) -> bool:
    """Whether it is to run and no restart of it is under way: that comes first."""
    wanted = keys.wanted
    is_done = keys.seen.serial >= wanted.serial
    return wanted.state is WantedState.START or (wanted.state is WantedState.RESTART and is_done)

"""What an order to be on another node means for a VM; pure.

Invariants: a VM that was migrated keeps its home however often it is migrated again; what a move is
given up to is where the VM stood, with the home it had there; a VM that is off only changes its
node.
"""

from dataclasses import dataclass, replace

from cluster.lifecycle.vm import is_moving
from cluster.lifecycle.vm_orders import Carrying
from cluster.model.vm import Move, Seen, SeenState, VmMeta, Wanted, WantedState
from runtime.errors import Conflict


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveOrder:
    """An order to be on another node."""

    move: Move
    node: str | None = None
    """None: chosen by placement, or its home."""
    is_forced: bool = False
    """Although it was migrated already; and it is shut down for it if need be."""
    is_live_only: bool = False


def check_order(name: str, wanted: Wanted, seen: Seen, how: Carrying, order: MoveOrder) -> None:
    """Raise `Conflict` for what no target could mend."""
    if order.move is Move.UNMIGRATE and not wanted.home:
        raise Conflict(f"the VM {name} was not migrated: there is no home to go back to", vm=name)
    if order.move is Move.MIGRATE and wanted.home and not order.is_forced:
        raise Conflict(
            f"the VM {name} was migrated from {wanted.home} already: unmigrate or move it, or "
            "migrate it with force",
            vm=name,
        )
    if seen.state is SeenState.UNKNOWN:
        raise Conflict(f"no node has said yet whether the VM {name} runs: try again", vm=name)
    if how is Carrying.PLACE and seen.state.may_run:
        raise Conflict(
            f"the VM {name} is not off yet on {seen.node}: wait until it is, then give it another "
            "node",
            vm=name,
        )


def check_target(name: str, wanted: Wanted, meta: VmMeta, order: MoveOrder, target: str) -> None:
    """Raise `Conflict` for a node that this VM is on already or may not be on."""
    if target == wanted.node and not (order.move is Move.MOVE and wanted.home):
        raise Conflict(f"the VM {name} is on {target} already, or on its way there", vm=name)
    is_limited = meta.node_limit and target not in meta.node_limit
    if is_limited and order.move is not Move.UNMIGRATE:
        raise Conflict(
            f"the VM {name} may not be on {target}, only on {', '.join(meta.node_limit)}", vm=name
        )


def after_move(wanted: Wanted, seen: Seen, how: Carrying, order: MoveOrder, target: str) -> Wanted:
    """Return what is wanted after the order."""
    home = _home(wanted, order.move, target)
    if how is Carrying.PLACE:
        # The same serial: a VM that failed to start is not started by this.
        return replace(wanted, node=target, home=home, home_before="", fence="")
    if seen.state.may_run and seen.node != target:
        return _sent(wanted, seen, order, target, home)
    is_recalled = is_moving(wanted, seen) and order.move is not Move.MOVE
    return Wanted(
        state=WantedState.START,
        node=target,
        home=_elsewhere(wanted.home_before, target) if is_recalled else home,
        serial=wanted.serial + 1,
        fence=kept_fence(wanted, seen),
    )


def kept_fence(wanted: Wanted, seen: Seen) -> str:
    """Return the fence that a new order goes on to name: only until the VM was taken over from the
    node that was fenced. A fence named any longer would free a node that is alive."""
    return wanted.fence if is_moving(wanted, seen) else ""


def _sent(wanted: Wanted, seen: Seen, order: MoveOrder, target: str, home: str) -> Wanted:
    """It is brought from the node it is seen on. A restart that is done is a start, or the new
    serial would order it again."""
    is_homeward = order.move is Move.MIGRATE and not home
    return Wanted(
        state=WantedState.START,
        node=target,
        home=home,
        serial=wanted.serial + 1,
        move=Move.UNMIGRATE if is_homeward else order.move,
        home_before=wanted.home_before if is_moving(wanted, seen) else wanted.home,
        is_live_only=order.is_live_only,
        is_forced=order.is_forced,
        fence=kept_fence(wanted, seen),
    )


def _home(wanted: Wanted, move: Move, target: str) -> str:
    """Where it belongs afterwards: nowhere else, unless it is migrated away from there."""
    return _elsewhere(wanted.home or wanted.node, target) if move is Move.MIGRATE else ""


def _elsewhere(home: str, target: str) -> str:
    return "" if home == target else home

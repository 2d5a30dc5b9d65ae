"""When an order about a VM counts as carried out, by what the mirror shows; pure.

Invariant: an order is done when the node that has the VM says so by its serial, and not when the
state merely looks right; an order that another one has replaced, or that was given up, is an error
with its reason.
"""

from typing import Final

from api.seen_vm import SeenVm
from cluster.model.vm import SeenState, Wanted, WantedState
from runtime.errors import Conflict, NotFound

_PASSING: Final = (SeenState.STARTING, SeenState.STOPPING, SeenState.UNKNOWN)
_TO_RUN: Final = (WantedState.START, WantedState.RESTART)


class OrderFailed(Conflict):
    """The order was given, and could not be carried out."""

    code = "order_failed"


class OrderReplaced(Conflict):
    """Another order was given in the meantime."""

    code = "order_replaced"


def is_carried_out(seen: SeenVm | None, name: str, ordered: Wanted) -> bool:
    """Return whether an order is carried out; raises when it never will be."""
    if seen is None:
        raise NotFound(f"The VM '{name}' was removed in the meantime.", vm=name)
    wanted, there = seen.vm.wanted, seen.vm.seen
    if wanted.serial > ordered.serial:
        _check_not_replaced(seen, name, ordered)
    if there.serial < ordered.serial or there.state in _PASSING:
        return False
    if ordered.state not in _TO_RUN:
        return not there.state.may_run
    if there.state is SeenState.FAILED:
        if there.node != ordered.node:
            return True  # it had failed before, and was only to be given another node
        why = there.reason or "no reason is told"
        raise OrderFailed(f"The VM '{name}' failed: {why}.", vm=name)
    return there.state.may_run and there.node == ordered.node


def _check_not_replaced(seen: SeenVm, name: str, ordered: Wanted) -> None:
    wanted, there = seen.vm.wanted, seen.vm.seen
    is_given_up = wanted.node != ordered.node and there.serial == wanted.serial and there.reason
    if is_given_up:
        raise OrderFailed(f"The VM '{name}' stays on {there.node}: {there.reason}.", vm=name)
    raise OrderReplaced(
        f"The VM '{name}' was given another order in the meantime: {wanted.state} on "
        f"{wanted.node}.",
        vm=name,
    )

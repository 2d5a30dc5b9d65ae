"""How far an order for a VM is, by what the API says of the VM; pure.

Invariant: an order counts as carried out only when the VM is seen so, and as failed only when the
order in force is another one or the node that has the VM gave it up with a reason.
"""

from collections.abc import Mapping
from typing import Any, Final

from cli.table import printable
from cli.views.section import section
from cli.waiting import Look

SHOWING: Final = (
    "name",
    "state",
    "node",
    "last_node",
    "failed_reason",
    "reason",
    "seen",
    "transfer",
)
"""The fields these decisions need."""

_MOVING: Final = ("migrate", "migrate-live", "unmigrate")
_NOT_YET: Final = ("off", "starting", "stopping", "unknown")
_OFF: Final = ("stop", "disable")
_UNDER_WAY: Final = {"shutdown": "is shutting down", "restart": "is restarting"}


def state_look(vm: Mapping[str, Any], name: str, ordered: str) -> Look:
    """Return how far `start`, `restart` or `shutdown` is."""
    state = vm.get("state")
    if state == "fail":
        return _failed(f"VM '{name}' failed: {_why(vm)}")
    if ordered == "shutdown":
        if state in _OFF:
            return Look(text=f"VM '{name}' is off.", is_done=True)
        is_expected = state == "shutdown"
    else:
        if state == "start":
            return _starting(vm, name)
        is_expected = state == ordered
    if not is_expected:
        return _overtaken(name, state)
    return Look(text=f"VM '{name}' {_UNDER_WAY.get(str(state), 'waits')}")


def move_look(vm: Mapping[str, Any], name: str, source: str, target: str | None = None) -> Look:
    """Return how far a move from the node `source` is, to `target` if one was named."""
    state, node = vm.get("state"), printable(vm.get("node"))
    transfer = section(vm, "transfer")
    if state in _MOVING or transfer:
        return _moving(transfer, name, node)
    if state == "fail":
        return _failed(f"VM '{name}' failed: {_why(vm)}")
    if node == source != target:
        return _failed(f"VM '{name}' stays on {node}: {_why(vm)}")
    if state == "start":
        return _starting(vm, name)
    if state in _OFF:
        return Look(text=f"VM '{name}', which is off, is on {node} now.", is_done=True)
    return _overtaken(name, state)


def _starting(vm: Mapping[str, Any], name: str) -> Look:
    node, now = printable(vm.get("node")), section(vm, "seen").get("state")
    if now in _NOT_YET:
        why = f": {printable(vm['reason'])}" if vm.get("reason") else ""
        return Look(text=f"VM '{name}' is starting on {node}{why}")
    if now == "paused":
        return _failed(f"VM '{name}' is paused on {node}: {_why(vm)}")
    return Look(text=f"VM '{name}' runs on {node}.", is_done=True)


def _moving(transfer: Mapping[str, Any], name: str, node: str) -> Look:
    if not transfer:
        return Look(text=f"VM '{name}' is about to leave {node}")
    reason = f": {printable(transfer['reason'])}" if transfer.get("reason") else ""
    to, phase = printable(transfer.get("to")), printable(transfer.get("phase"))
    percent = transfer.get("percent")
    return Look(
        text=f"VM '{name}' to {to}, {phase}{reason}",
        current=percent if isinstance(percent, int) else None,
        total=100,
    )


def _overtaken(name: str, state: object) -> Look:
    return _failed(f"VM '{name}' is in state {printable(state)}: another order came in between")


def _failed(failure: str) -> Look:
    return Look(text="", failure=failure)


def _why(vm: Mapping[str, Any]) -> str:
    reason = vm.get("failed_reason") or vm.get("reason")
    return printable(reason, missing="no reason is given")

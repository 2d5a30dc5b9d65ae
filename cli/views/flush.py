"""How a flush of a node, or its being made ready, goes; pure."""

from collections.abc import Mapping
from typing import Any, Final

from cli.table import coloured, printable
from cli.views.section import section

_UNDER_WAY: Final = ("flush", "unflush")


def flush_text(node: Mapping[str, Any]) -> str:
    """Return how far it is, and which VMs cannot move; nothing when none is under way."""
    record = section(node, "flush")
    if node.get("domain_state") not in _UNDER_WAY or not record:
        return ""
    moving = ", ".join(printable(vm) for vm in record.get("moving") or ())
    stuck = section(record, "stuck")
    lines = [
        f"{printable(record.get('done'))} of {printable(record.get('total'))} VMs moved"
        + (f", under way: {moving}" if moving else "")
    ]
    lines += [
        coloured(f"  {printable(vm)} cannot move: {printable(stuck[vm])}", "red")
        for vm in sorted(stuck)
    ]
    return "\n".join(lines)

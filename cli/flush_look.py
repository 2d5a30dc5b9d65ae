"""How far a flush of a node is, or making it ready, by what the API says of the node; pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from cli.table import printable
from cli.views.section import section
from cli.waiting import Look

_END_OF: Final = {"flush": "flushed", "ready": "ready"}
_ON_THE_WAY: Final = {"flush": "flush", "ready": "unflush"}
_FINISHED: Final = {"flush": "is flushed: no VM runs on it.", "ready": "is ready for VMs."}


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """What was there before the order, so that it is not taken for what follows from it."""

    domain_state: object
    serial: object

    @classmethod
    def of(cls, node: Mapping[str, Any]) -> "Before":
        """Note it."""
        return cls(
            domain_state=node.get("domain_state"), serial=section(node, "flush").get("serial")
        )


def flush_look(node: Mapping[str, Any], name: str, ordered: str, before: Before) -> Look:
    """Return how far the order `flush` or `ready` is."""
    state, end = node.get("domain_state"), _END_OF[ordered]
    if (node.get("wanted_domain_state") or end) != end:
        return Look(text="", failure=f"node '{name}' was given the opposite order in between")
    if state == end:
        return Look(text=f"Node '{name}' {_FINISHED[ordered]}", is_done=True)
    if state != _ON_THE_WAY[ordered]:
        return Look(text=f"Node '{name}' is still {printable(state)}; its vm worker begins soon")
    record = section(node, "flush")
    if before.domain_state != state and record.get("serial") == before.serial:
        return Look(text=f"Node '{name}' looks for its VMs")
    return _under_way(record, name)


def _under_way(record: Mapping[str, Any], name: str) -> Look:
    total, done = record.get("total"), record.get("done")
    moving, stuck = record.get("moving") or (), section(record, "stuck")
    gone = done if isinstance(done, int) else 0
    if stuck and not moving and isinstance(total, int) and gone + len(stuck) >= total:
        return Look(text="", failure=_stuck(stuck, name))
    names = ", ".join(printable(vm) for vm in moving)
    held = f"; {len(stuck)} cannot move" if stuck else ""
    return Look(
        text=f"VMs of node '{name}'{f': {names}' if names else ''}{held}",
        current=gone,
        total=total if isinstance(total, int) else None,
    )


def _stuck(stuck: Mapping[str, Any], name: str) -> str:
    lines = "".join(f"\n  {printable(vm)}: {printable(stuck[vm])}" for vm in sorted(stuck))
    what = "1 VM" if len(stuck) == 1 else f"{len(stuck)} VMs"
    return (
        f"{what} of node '{name}' cannot move:{lines}\nThe node goes on trying; "
        f"`pvc node ready {name}` takes the order back."
    )

"""Snapshots of a VM; pure. Their age is the one thing in a VM's view that moves with the clock."""

import difflib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from api.seen_vm import SeenVm
from api.v1.xml_quotes import single_quoted
from cluster.model.vm_details import VmSnapshot


def snapshots_view(seen: SeenVm, now: datetime) -> list[dict[str, Any]]:
    """Return its snapshots, newest first."""
    return [
        {**view, "age": age(snapshot, now)}
        for snapshot, view in zip(seen.snapshots, lasting_views(seen), strict=True)
    ]


def lasting_views(seen: SeenVm) -> list[Mapping[str, Any]]:
    """Return of each snapshot what does not move with the clock."""
    current = _lines(seen.xml)
    return [_lasting(snapshot, current) for snapshot in seen.snapshots]


def age(snapshot: VmSnapshot, now: datetime) -> int:
    """Return how many seconds ago it was made."""
    return max(0, int(now.timestamp() - snapshot.timestamp))


def _lasting(snapshot: VmSnapshot, current: list[str]) -> Mapping[str, Any]:
    changed = difflib.unified_diff(
        current, _lines(snapshot.xml), "current", snapshot.name, lineterm=""
    )
    return {
        "name": snapshot.name,
        "timestamp": str(snapshot.timestamp),
        "xml_diff_lines": list(changed),
        "rbd_snapshots": list(snapshot.rbd_snapshots),
    }


def _lines(xml: str) -> list[str]:
    return single_quoted(xml).split("\n") if xml else []

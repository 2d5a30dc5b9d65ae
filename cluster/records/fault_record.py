"""Faults in the tree.

A fault is made once by its reporter, which then writes the report; people write the
acknowledgement. So no two of them ever write the same key.
"""

import re
from datetime import datetime
from typing import Final

from cluster.model.fault import Fault
from cluster.records.view import TreeView
from cluster.schema import codec
from cluster.schema.layout import Layout
from cluster.store.store import Change, Create, Delete, Write

_NOT_IN_NAMES: Final = re.compile(r"[^A-Z0-9-]+")
_NOT_IN_CONDITIONS: Final = re.compile(r"[^A-Z0-9_]+")


def fault_id(noun: str, name: str, *condition: str) -> str:
    """Return the id of a condition: `NODE_HV1_WORKER_CONSOLE_PARKED`.

    A name keeps its dashes, so that the faults of `hv` and of `hv-1` can be told apart.
    """
    named = (noun.upper(), _NOT_IN_NAMES.sub("_", name.upper()))
    return "_".join((*named, *(_NOT_IN_CONDITIONS.sub("_", part.upper()) for part in condition)))


def time_text(at: datetime) -> str:
    """Return how faults write a time (UTC, for people only)."""
    return f"{at:%Y-%m-%d %H:%M:%S}"


def read_all(view: TreeView, layout: Layout) -> list[Fault]:
    """Return all faults by id."""
    ids = sorted(view.children(layout.path("faults")) or ())
    found = (read(view, layout, name) for name in ids)
    return [fault for fault in found if fault is not None]


def read(view: TreeView, layout: Layout, fault: str) -> Fault | None:
    """Return one fault, None when there is none."""
    made = view.get(layout.path("fault", fault=fault))
    if made is None:
        return None
    report = codec.read_object(view.get(layout.path("fault.report", fault=fault))) or {}
    noticed = view.get(layout.path("fault.acknowledgement", fault=fault))
    first = codec.as_text((codec.read_object(made) or {}).get("first_reported"))
    at = codec.as_text((codec.read_object(noticed) or {}).get("acknowledged_at"))
    return Fault(
        id=fault,
        first_reported=first,
        last_reported=codec.as_text(report.get("last_reported")) or first,
        # A broken acknowledgement is one all the same: its key is there.
        acknowledged_at="" if noticed is None else at or first or "unknown",
        health_delta=codec.as_integer(report.get("health_delta")),
        message=codec.as_text(report.get("message")),
    )


def report(
    layout: Layout, fault: str, *, is_new: bool, at: datetime, health_delta: int, message: str
) -> list[Change]:
    """Report a condition. `Conflict`: it is there already; `NotFound`: it is gone; then the other
    value of `is_new` is right."""
    path = layout.path("fault.report", fault=fault)
    data = report_data(last_reported=time_text(at), health_delta=health_delta, message=message)
    if not is_new:
        return [Write(path, data)]
    made = layout.path("fault", fault=fault)
    return [Create(made, made_data(first_reported=time_text(at))), Create(path, data)]


def acknowledge(view: TreeView, layout: Layout, fault: str, at: datetime) -> list[Change]:
    """Note that somebody has seen a fault; nothing when somebody had before."""
    path = layout.path("fault.acknowledgement", fault=fault)
    if view.get(path) is not None:
        return []
    return [Create(path, acknowledgement_data(acknowledged_at=time_text(at)))]


def remove(view: TreeView, layout: Layout, fault: str) -> list[Change]:
    """Remove a fault with all that belongs to it."""
    path = layout.path("fault", fault=fault)
    below = sorted(view.children(path) or ())
    return [*(Delete(f"{path}/{name}") for name in below), Delete(path)]


def made_data(*, first_reported: str) -> bytes:
    """Return what `fault` holds."""
    return codec.to_json({"first_reported": first_reported})


def report_data(*, last_reported: str, health_delta: int, message: str) -> bytes:
    """Return what `fault.report` holds."""
    return codec.to_json(
        {"last_reported": last_reported, "health_delta": health_delta, "message": message}
    )


def acknowledgement_data(*, acknowledged_at: str) -> bytes:
    """Return what `fault.acknowledgement` holds."""
    return codec.to_json({"acknowledged_at": acknowledged_at})

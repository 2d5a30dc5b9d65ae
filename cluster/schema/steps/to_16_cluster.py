"""Schema 16: maintenance as an order with a reason, no common fence lock; pure."""

from typing import Final

from cluster.schema import codec
from cluster.schema.layout import layout
from cluster.schema.plan import StepPlan
from cluster.schema.shape import Shape, each_alone

_MAINTENANCE: Final = "/config/maintenance"
_GONE: Final = ("/config/fence_lock", "/config/primary_node/sync_lock")


def convert_cluster(shape: Shape) -> StepPlan:
    """Convert the keys of the cluster as a whole."""
    row = layout(16).key("cluster.wanted_maintenance")
    notes: list[str] = []
    default = row.default.encode()
    data = default
    if _MAINTENANCE in shape:
        is_on = codec.read_flag(shape.get(_MAINTENANCE))
        if is_on:
            order = {"is_on": True, "reason": "", "until": None, "by": ""}
            data = codec.to_json(order)
        if is_on is None:
            notes.append(f"{_MAINTENANCE}: neither true nor false, taken as false")
    first = (*shape.make(row.path, data), *shape.remove([_MAINTENANCE]))
    groups = ((first,) if first else ()) + each_alone(shape.remove(_GONE))
    return StepPlan(groups, tuple(notes))

"""Schema 16: a fault's report apart from its acknowledgement; pure."""

from typing import Final

from cluster.schema import codec
from cluster.schema.plan import Group, StepPlan
from cluster.schema.shape import Shape

_OLD: Final = ("first_time", "last_time", "ack_time", "status", "delta", "message")


def convert_faults(shape: Shape) -> StepPlan:
    """Convert all faults, each in one group."""
    notes: list[str] = []
    groups = [_convert(shape, path, notes) for path in list(shape.matches("/faults/{fault}"))]
    return StepPlan(tuple(group for group in groups if group), tuple(notes))


def _convert(shape: Shape, path: str, notes: list[str]) -> Group:
    old = {name: codec.read_text(shape.get(f"{path}/{name}")) for name in _OLD}
    removed = [f"{path}/{name}" for name in _OLD]
    if f"{path}/report" in shape:
        return tuple(shape.remove(removed))
    delta = codec.read_integer(shape.get(f"{path}/delta"))
    if delta is None:
        notes.append(f"{path}/delta: no whole number, taken as 0")
    report = {
        "last_reported": old["last_time"],
        "health_delta": delta or 0,
        "message": old["message"],
    }
    changes = shape.put(path, codec.to_json({"first_reported": old["first_time"]}))
    changes += shape.put(f"{path}/report", codec.to_json(report))
    if old["status"] == "ack" or old["ack_time"]:
        at = {"acknowledged_at": old["ack_time"] or old["last_time"]}
        changes += shape.make(f"{path}/acknowledgement", codec.to_json(at))
    return (*changes, *shape.remove(removed))

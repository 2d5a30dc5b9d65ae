"""How a node's flush, or its being made ready, goes: `node.flush`, by its vm worker."""

from cluster.model.node import FlushProgress
from cluster.schema import codec


def read_flush(data: bytes | None) -> FlushProgress | None:
    """Read `node.flush`; None when there was none, or it cannot be read."""
    plain = codec.read_object(data)
    if not plain:
        return None
    moving = plain.get("moving")
    stuck = codec.as_object(plain.get("stuck"))
    return FlushProgress(
        serial=codec.as_integer(plain.get("serial")),
        total=codec.as_integer(plain.get("total")),
        done=codec.as_integer(plain.get("done")),
        moving=tuple(map(codec.as_text, moving)) if isinstance(moving, list) else (),
        stuck={vm: codec.as_text(why) for vm, why in stuck.items()},
    )

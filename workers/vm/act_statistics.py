"""The statistics of VMs into the store.

Invariant: nothing is written below a VM that is not there, and what stands there already is not
written again.
"""

from collections.abc import Mapping
from typing import Any

from cluster.schema import codec
from cluster.store.store import Change, Create, Value, Write
from workers.vm.tools import Tools, apply


def write_statistics(tools: Tools, values: Mapping[str, Mapping[str, Any] | None]) -> None:
    """Write what was measured of VMs; None clears."""
    paths = {uuid: tools.layout.path("vm.stats", vm=uuid) for uuid in values}
    vms = {uuid: tools.layout.path("vm", vm=uuid) for uuid in values}
    there = tools.store.read_many([*paths.values(), *vms.values()], tools.deadline())
    changes = [
        change
        for uuid, stats in values.items()
        if there[vms[uuid]] is not None
        and (change := _change(paths[uuid], there[paths[uuid]], stats)) is not None
    ]
    if changes:
        # One that was removed since refuses all: the next round writes the others.
        apply(tools, changes)


def _change(path: str, there: Value | None, stats: Mapping[str, Any] | None) -> Change | None:
    data = codec.to_json(dict(stats or {}))
    if there is None:
        return Create(path, data) if stats else None
    # No version: nobody else writes while it is ours.
    return Write(path, data) if there.data != data else None

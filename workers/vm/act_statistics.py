"""The statistics of VMs into the store.

Invariant: nothing is written below a VM that is not there, and what stands there already is not
written again.
"""

from collections.abc import Mapping
from datetime import timedelta

from cluster.records.fault_record import time_text
from cluster.schema import codec
from cluster.store.store import Change, Create, Value, Write
from runtime.clock import Clock
from workers.vm.local import VmStatistics
from workers.vm.tools import Tools, apply


def write_statistics(tools: Tools, values: Mapping[str, VmStatistics | None]) -> None:
    """Write what was measured of VMs; None clears."""
    paths = {uuid: tools.layout.path("vm.stats", vm=uuid) for uuid in values}
    vms = {uuid: tools.layout.path("vm", vm=uuid) for uuid in values}
    there = tools.store.read_many([*paths.values(), *vms.values()], tools.deadline())
    found = (
        _change(paths[uuid], there[paths[uuid]], _data(tools.clock, stats))
        for uuid, stats in values.items()
        if there[vms[uuid]] is not None
    )
    if changes := [change for change in found if change is not None]:
        # One that was removed since refuses all: the next round writes the others.
        apply(tools, changes)


def _data(clock: Clock, stats: VmStatistics | None) -> bytes:
    if stats is None:
        return codec.to_json({})
    taken_at = clock.wall() - timedelta(seconds=clock.now() - stats.at)
    return codec.to_json({**stats.values, "at": time_text(taken_at)})


def _change(path: str, there: Value | None, data: bytes) -> Change | None:
    if there is None:
        return Create(path, data) if data != codec.to_json({}) else None
    # No version: nobody else writes while it is ours.
    return Write(path, data) if there.data != data else None

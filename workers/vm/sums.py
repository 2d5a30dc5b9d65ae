"""What this node has and gives to VMs, as it is told on the bus; pure.

Invariant: nothing is told that was never seen, and the whole fits into one message however many VMs
there are.
"""

from collections.abc import Mapping
from typing import Any, Final

from cluster.model.vm import SeenState
from runtime.clock import Instant
from workers.vm.places import memory_mb, vcpus
from workers.vm.seen import Seen, VmView

_CONSOLE_BYTES: Final = 40_000
"""A message of the bus has 64 KiB."""
_CONSOLE_FRAME_BYTES: Final = 40
_MOST_FROZEN: Final = 100


def facts(seen: Seen, now: Instant) -> dict[str, Any]:
    """Return the values of `facts.vm`; see `bus.messages`."""
    running = _running(seen)
    wanted = [view for view in seen.vms.values() if view.wanted.node == seen.node]
    sight, measured = seen.sight, seen.statistics.vms.values()
    since = sight.trouble_since
    return {
        "memory_allocated_mb": sum(memory_mb(view) for view in running),
        "memory_provisioned_mb": sum(_provisioned_mb(view) for view in wanted),
        "vcpus_allocated": sum(vcpus(view) for view in running),
        "vms_running": len(running),
        "hypervisor": {
            "trouble": sight.trouble[:300],
            "seconds": round(now - since, 1) if sight.trouble and since is not None else 0.0,
        },
        "statistics_age_seconds": (
            round(max(0.0, now - max(one.at for one in measured)), 1) if measured else None
        ),
        "frozen": _frozen(seen, now),
        "consoles": _consoles(running),
    }


def essence(values: Mapping[str, Any]) -> tuple[object, ...]:
    """Return what of it is news: all but what grows with time."""
    sums = [values[key] for key in values if key.startswith(("memory", "vcpus", "vms"))]
    trouble = values["hypervisor"]["trouble"]
    return (*sums, trouble, tuple(values["frozen"]), tuple(sorted(values["consoles"])))


def _running(seen: Seen) -> list[VmView]:
    """VMs that run here: as the hypervisor says, or as is recorded while it has never answered."""
    if seen.sight.at is not None:
        return [view for view in seen.vms.values() if view.local is not None]
    return [
        view
        for view in seen.vms.values()
        if view.record.node == seen.node
        and view.record.state.may_run
        and view.record.state is not SeenState.UNKNOWN
    ]


def _provisioned_mb(view: VmView) -> int:
    return view.definition.memory_mb if view.definition is not None else memory_mb(view)


def _frozen(seen: Seen, now: Instant) -> dict[str, float]:
    found = {
        seen.vms[uuid].name: round(max(0.0, now - since), 1)
        for uuid, since in seen.statistics.frozen_since.items()
        if uuid in seen.vms
    }
    return dict(sorted(found.items())[:_MOST_FROZEN])


def _consoles(running: list[VmView]) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    left = _CONSOLE_BYTES
    for view in sorted(running, key=lambda view: view.uuid):
        if view.local is None or not view.local.console_log:
            continue
        told = {"name": view.name, "path": view.local.console_log}
        left -= _CONSOLE_FRAME_BYTES + sum(
            len(text.encode()) for text in (view.uuid, *told.values())
        )
        if left < 0:
            break
        found[view.uuid] = told
    return found

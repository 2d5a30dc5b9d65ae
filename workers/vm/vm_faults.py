"""What is wrong with this node's VMs and its hypervisor; pure.

Invariant: however many VMs are in trouble, few faults are made: the rest is told in one.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from cluster.model.vm import SeenState
from cluster.records.fault_record import fault_id
from runtime.clock import Instant, later
from workers.faults import Condition
from workers.vm.local import Pause
from workers.vm.order import Ask, asked
from workers.vm.seen import Seen, VmView

_MOST: Final = 20
_MOST_NAMES: Final = 30
_LONGEST_REASON: Final = 500
_SILENT_SECONDS: Final = 10.0
"""A hypervisor that is restarted is silent for less."""
_WINDOW_SECONDS: Final = 600.0
_REPEATED: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """How a VM fares under one order."""

    serial: int
    state: SeenState
    ends: tuple[Instant, ...] = ()
    """When it ended by itself and was to be started again."""
    reason: str = ""


Lives = Mapping[str, Life]


def lives(seen: Seen, before: Lives, now: Instant) -> dict[str, Life]:
    """Return how the VMs of this node fare: that one ended by itself shows in its record, which
    goes from running to starting without a new order."""
    return {
        uuid: _life(view, before.get(uuid), now)
        for uuid, view in seen.vms.items()
        if view.record.node == seen.node
    }


def conditions(seen: Seen, fares: Lives, now: Instant) -> list[Condition]:
    """Return what is wrong now, boundedly many."""
    found = list(_of_node(seen, now))
    troubled = sorted(_of_vms(seen, fares, now), key=lambda one: one[1].fault)
    found += [condition for _, condition in troubled[:_MOST]]
    if rest := sorted({name for name, _ in troubled[_MOST:]}):
        named = ", ".join(rest[:_MOST_NAMES])
        message = f"{len(rest)} more VMs of node {seen.node} are in trouble: {named}"
        found.append(_condition("node", seen.node, "VMS_TROUBLED", 25, message))
    return found


def for_how_long(seconds: float) -> str:
    """Return a duration in words that do not change each second."""
    if seconds < 60:
        return "for less than a minute"
    minutes = int(seconds // 60)
    return f"for {minutes} min" if minutes < 120 else f"for {minutes // 60} h"


def _life(view: VmView, before: Life | None, now: Instant) -> Life:
    state, serial = view.record.state, view.wanted.serial
    if before is None or before.serial != serial:
        return Life(serial=serial, state=state)
    if before.state is state and not before.ends:
        return before
    ends = tuple(end for end in before.ends if end > later(now, -_WINDOW_SECONDS))
    was_up = before.state in (SeenState.RUNNING, SeenState.PAUSED)
    has_ended = was_up and state is SeenState.STARTING and _is_to_run(view)
    reason = view.record.reason if has_ended else before.reason
    return Life(serial=serial, state=state, ends=(*ends, now) if has_ended else ends, reason=reason)


def _is_to_run(view: VmView) -> bool:
    return asked(view.wanted, view.record) is Ask.RUN


def _of_node(seen: Seen, now: Instant) -> Iterator[Condition]:
    node, sight = seen.node, seen.sight
    if sight.trouble and sight.trouble_since is not None:
        silent = now - sight.trouble_since
        if silent >= _SILENT_SECONDS:
            message = (
                f"the hypervisor of node {node} is silent {for_how_long(silent)}: {sight.trouble}; "
                "its VMs go on, but none is started, stopped or moved (systemctl status libvirtd)"
            )
            yield _condition("node", node, "HYPERVISOR_SILENT", 50, message)
    if seen.strangers and not seen.store_trouble:
        names = sorted(one.name for one in seen.strangers.values())
        message = (
            f"VMs run on node {node} that the cluster does not know: "
            f"{', '.join(names[:_MOST_NAMES])}; define them, or end them with virsh destroy"
        )
        yield _condition("node", node, "STRANGER", 10, message)


def _of_vms(seen: Seen, fares: Lives, now: Instant) -> Iterator[tuple[str, Condition]]:
    for uuid, since in seen.statistics.frozen_since.items():
        if (view := seen.vms.get(uuid)) is not None:
            message = (
                f"VM {view.name} on node {seen.node} does not answer the hypervisor "
                f"{for_how_long(now - since)}; when it stays so, stop it by force"
            )
            yield view.name, _condition("vm", view.name, "FROZEN", 10, message)
    for view in seen.vms.values():
        if view.record.node == seen.node:
            life = fares.get(view.uuid)
            for condition in _of_vm(seen.node, view, life):
                yield view.name, condition


def _of_vm(node: str, view: VmView, life: Life | None) -> Iterator[Condition]:
    name, record = view.name, view.record
    reason = record.reason[:_LONGEST_REASON] or "no reason was noted"
    if record.state is SeenState.FAILED and _is_to_run(view):
        message = f"VM {name} does not run on node {node}: {reason}"
        yield _condition("vm", name, "FAILED", 25, message)
    if view.local is not None and view.local.pause is Pause.IO_ERROR:
        message = (
            f"VM {name} on node {node} stands still by an I/O error: see to its storage, then "
            "restart it"
        )
        yield _condition("vm", name, "IO_ERROR", 25, message)
    if life is not None and len(life.ends) >= _REPEATED:
        message = (
            f"VM {name} on node {node} ended by itself {len(life.ends)} times within "
            f"{_WINDOW_SECONDS / 60:.0f} min: {life.reason[:_LONGEST_REASON]}"
        )
        yield _condition("vm", name, "CRASHED", 10, message)


def _condition(noun: str, name: str, condition: str, health_delta: int, message: str) -> Condition:
    fault = fault_id(noun, name, condition)
    return Condition(fault=fault, health_delta=health_delta, message=message)

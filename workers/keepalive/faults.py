"""The faults of this node that its keepalive knows of, and when each is reported; pure.

When a condition is told again is said in `workers/faults.py`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from bus.messages import ChildState
from cluster.records.fault_record import fault_id, report_data
from cluster.store.store import SessionState
from runtime.clock import Instant
from workers.faults import Condition, is_due
from workers.keepalive.seen import Seen, Tree
from workers.keepalive.spec import (
    FACTS_STALE_SECONDS,
    ROOT_SILENT_SECONDS,
    SAMPLE_STALE_SLOTS,
)

_ITEM: Final = "fault "


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What is to be told of a condition that lasts."""

    condition: Condition
    at: Instant
    text: str
    """What the report's key shall hold."""


Reports = Mapping[str, Report]


def item_of(fault: str) -> str:
    """Return the name of the item that a fault's report is."""
    return f"{_ITEM}{fault}"


def fault_of(item: str) -> str | None:
    """Return the fault that an item is the report of, None for other items."""
    return item.removeprefix(_ITEM) if item.startswith(_ITEM) else None


def conditions(
    node: str, seen: Seen, *, late_slots: int, slots_without_sample: int, now: Instant
) -> list[Condition]:
    """Return what is wrong with this node, by fault."""
    found: list[Condition] = []
    if late_slots:
        message = f"node {node} was too slow for {late_slots} of its last beats"
        found.append(_condition(node, "KEEPALIVE_LATE", 10, message))
    if slots_without_sample >= SAMPLE_STALE_SLOTS:
        message = f"node {node} cannot read its own load, memory and network: what it shows is old"
        found.append(_condition(node, "FACTS_STALE", 10, message))
    if seen.tree is not None:
        found += _of_tree(node, seen, seen.tree, now)
    return sorted(found, key=lambda condition: condition.fault)


def reports(lasting: Iterable[Condition], told: Reports, wall: str, now: Instant) -> Reports:
    """Return what is to be told now of each condition, by fault."""
    return {c.fault: _report(c, told.get(c.fault), wall, now) for c in lasting}


def _report(condition: Condition, told: Report | None, wall: str, now: Instant) -> Report:
    if told is not None and not is_due(condition, told.condition, told.at, now):
        return told
    data = report_data(
        last_reported=wall, health_delta=condition.health_delta, message=condition.message
    )
    return Report(condition=condition, at=now, text=data.decode())


def _of_tree(node: str, seen: Seen, tree: Tree, now: Instant) -> list[Condition]:
    if now - tree.at > ROOT_SILENT_SECONDS:
        message = f"the supervisor of node {node} has told nothing for a while"
        return [_condition(node, "SUPERVISOR_SILENT", 50, message)]
    found = []
    for name, child in tree.children.items():
        if child.state is ChildState.PARKED:
            message = f"worker {name} of node {node} died too often and is parked: {child.reason}"
            found.append(_condition(node, f"WORKER_{name}_PARKED", 50, message))
        elif child.state is ChildState.RUNNING and _is_stale(seen, name, now):
            message = f"worker {name} of node {node} runs but has told nothing new for a while"
            found.append(_condition(node, f"WORKER_{name}_FACTS_STALE", 10, message))
    return found


def _is_stale(seen: Seen, worker: str, now: Instant) -> bool:
    """Whether a worker has been silent for long although the store was there: without it most have
    nothing new to tell."""
    facts_at = seen.facts_at.get(worker)
    if facts_at is None or seen.session.state is not SessionState.CONNECTED:
        return False
    return now - max(facts_at, seen.session.since) > FACTS_STALE_SECONDS


def _condition(node: str, name: str, health_delta: int, message: str) -> Condition:
    fault = fault_id("node", node, name)
    return Condition(fault=fault, health_delta=health_delta, message=message)

"""What this node tells of its VMs: facts on the bus, statistics and faults in the store; pure.

Invariant: facts are told also while the store is away, statistics and faults only while it is
there; none of it takes long: statistics are written in small parts, one a round.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from runtime.clock import LONG_AGO, Instant, later
from workers.decision import Decision
from workers.vm import sums, vm_faults
from workers.vm.actions import Action, TellFacts, WriteStatistics
from workers.vm.local import VmStatistics
from workers.vm.reports import Told, reports
from workers.vm.rules import Rules
from workers.vm.seen import Seen, VmView

_FACTS_SECONDS: Final = 1.0
_NEWS_SECONDS: Final = 0.2
"""Facts that have changed are told again at most this often."""
_STATISTICS_SECONDS: Final = 5.0
_AT_ONCE: Final = 50
_PART_SECONDS: Final = 0.1
"""Between two parts of the statistics."""
_FAULTS_SECONDS: Final = 1.0

Decided = Decision[Action, "Memory"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """What is carried from round to round; losing it tells some things twice."""

    looked_at: Instant = LONG_AGO
    told_at: Instant = LONG_AGO
    news: tuple[object, ...] | None = None
    statistics_at: Instant = LONG_AGO
    parts: tuple[tuple[str, ...], ...] = ()
    """VMs whose statistics are still to be written or cleared in this cycle."""
    part_at: Instant = LONG_AGO
    written: Mapping[str, Instant | None] = field(default_factory=dict)
    """When what was written of each VM had been measured; None: it was cleared."""
    faults_at: Instant = LONG_AGO
    faults: Mapping[str, Told] = field(default_factory=dict)
    lives: vm_faults.Lives = field(default_factory=dict)
    vms: Mapping[str, VmView] | None = None
    """What `lives` was taken from."""


def decide(rules: Rules, seen: Seen, memory: Memory, now: Instant) -> Decided:
    """Tell what is due."""
    assert rules.node == seen.node
    actions: list[Action] = []
    memory = _facts(seen, memory, now, actions)
    # What was looked at a moment ago may have changed in this round.
    is_news_due = memory.looked_at < now < later(memory.looked_at, _NEWS_SECONDS)
    since, seconds = (memory.looked_at, _NEWS_SECONDS) if is_news_due else (now, _FACTS_SECONDS)
    look_again = later(since, seconds)
    if not seen.store_trouble:
        memory = _faults(seen, memory, now, actions)
        memory = _statistics(seen, memory, now, actions)
        if memory.parts:
            look_again = min(look_again, later(now, _PART_SECONDS))
    return Decision(actions, memory, look_again)


def _facts(seen: Seen, memory: Memory, now: Instant, actions: list[Action]) -> Memory:
    is_blind = not seen.nodes or (seen.sight.at is None and not seen.sight.trouble)
    if is_blind or now < later(memory.looked_at, _NEWS_SECONDS):
        return memory
    values = sums.facts(seen, now)
    news = sums.essence(values)
    memory = replace(memory, looked_at=now)
    if news == memory.news and now < later(memory.told_at, _FACTS_SECONDS):
        return memory
    actions.append(TellFacts(values=values))
    return replace(memory, news=news, told_at=now)


def _faults(seen: Seen, memory: Memory, now: Instant, actions: list[Action]) -> Memory:
    is_due = now >= later(memory.faults_at, _FAULTS_SECONDS)
    if is_due or seen.vms is not memory.vms:
        # An unchanged look is the same object: with thousands of VMs that is most of a round.
        lives = vm_faults.lives(seen, memory.lives, now)
        memory = replace(memory, vms=seen.vms, lives=lives)
    if not is_due:
        return memory
    lasting = vm_faults.conditions(seen, memory.lives, now)
    found, told = reports(lasting, memory.faults, now)
    actions += found
    return replace(memory, faults=told, faults_at=now)


def _statistics(seen: Seen, memory: Memory, now: Instant, actions: list[Action]) -> Memory:
    if not memory.parts and now >= later(memory.statistics_at, _STATISTICS_SECONDS):
        due = sorted(uuid for uuid, view in seen.vms.items() if _is_due(seen, view, memory))
        parts = tuple(tuple(due[at : at + _AT_ONCE]) for at in range(0, len(due), _AT_ONCE))
        written = {uuid: at for uuid, at in memory.written.items() if uuid in seen.vms}
        memory = replace(memory, parts=parts, written=written, statistics_at=now)
    if not memory.parts or now < later(memory.part_at, _PART_SECONDS):
        return memory
    part, left = memory.parts[0], memory.parts[1:]
    values: dict[str, VmStatistics | None] = {}
    written = dict(memory.written)
    for uuid in part:
        # Looked at again: it may have left since.
        if (view := seen.vms.get(uuid)) is not None and _is_due(seen, view, memory):
            measured = seen.statistics.vms.get(uuid) if view.record.state.may_run else None
            values[uuid] = measured
            written[uuid] = None if measured is None else measured.at
    if values:
        actions.append(WriteStatistics(values=values))
    return replace(memory, parts=left, part_at=now, written=written)


def _is_due(seen: Seen, view: VmView, memory: Memory) -> bool:
    """Whether the statistics of a VM of this node are other than what stands in the store."""
    if view.record.node != seen.node:
        return False
    if not view.record.state.may_run:
        return memory.written.get(view.uuid, LONG_AGO) is not None
    measured = seen.statistics.vms.get(view.uuid)
    return measured is not None and measured.at != memory.written.get(view.uuid)

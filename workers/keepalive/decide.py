"""What keepalive does about this node's sign of life; pure.

Invariant: in each slot of the cadence at most one beat is sent, only in a session, and only when
the beat before it has been answered; nothing here is ever waited for. Whether this node must fence
itself is to stand beside `faults`, decided from the session's age and the peers' datagrams in
`Seen`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from bus.messages import TreeState
from cluster.model.node import DaemonState, NodeFacts
from cluster.records.node_record import beat_data, facts_data
from cluster.store.store import Session, SessionState
from runtime.clock import Instant, later
from workers.decision import Decision
from workers.keepalive.actions import Action, NoteLate, TakeSample
from workers.keepalive.cadence import next_slot, slot_at
from workers.keepalive.facts import node_facts, with_workers
from workers.keepalive.faults import Reports, conditions, item_of, reports
from workers.keepalive.items import (
    BEAT,
    DAEMON_STATE,
    FACTS,
    PRESENCE,
    Items,
    Standing,
    after_break,
    answered,
    in_new_session,
    is_open,
    to_send,
)
from workers.keepalive.machine import Sample
from workers.keepalive.seen import Seen
from workers.keepalive.spec import LATE_SHOWN_SECONDS, RETRY_SECONDS, VERIFY_SLOTS

_SAID: Final[Mapping[TreeState, DaemonState]] = {
    TreeState.STARTING: DaemonState.INIT,
    TreeState.RUNNING: DaemonState.RUN,
    TreeState.LEAVING: DaemonState.SHUTDOWN,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Own:
    """What stays the same for as long as this process lives."""

    node: str
    run_id: str
    interval_seconds: float
    dead_after_seconds: float
    """For how long the node may be silent before its peers suspect it."""
    presence: str
    """What the presence key holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """What is carried from round to round; losing it costs at most one interval."""

    session: Session | None = None
    slot: int | None = None
    """The slot of the last round."""
    items: Items = field(default_factory=dict)
    reports: Reports = field(default_factory=dict)
    sample: Sample | None = None
    slots_without_sample: int = 0
    """In how many slots a sample was asked for since the last one came."""
    facts: NodeFacts | None = None
    """What is to be written: statistics as of that sample, workers as of this slot."""
    late_slots: int = 0
    late_at: Instant | None = None


def decide(own: Own, seen: Seen, memory: Memory, now: Instant) -> Decision[Action, Memory]:
    """Send what is due in this slot, and what a new session or a refusal calls for."""
    slot = slot_at(now, own.interval_seconds)
    is_new_slot = memory.slot != slot
    late = 0 if memory.slot is None else max(0, slot - memory.slot - 1)
    memory = _count_late(replace(memory, slot=slot), late, now)
    memory = _with_answers(memory, seen)
    memory = _with_facts(own, memory, seen, now, is_new_slot=is_new_slot)
    memory = _with_reports(own, memory, seen, now)
    actions: list[Action] = [NoteLate(late)] if late else []
    look_again = next_slot(now, own.interval_seconds)
    if seen.session.state is SessionState.CONNECTED:
        wanted = _wanted(own, memory, seen, slot)
        verify = is_new_slot and slot % VERIFY_SLOTS == 0
        puts, items = to_send(memory.items, wanted, is_new_slot=is_new_slot, is_verifying=verify)
        actions += puts
        memory = replace(memory, items=items)
        if is_open(items, wanted):
            look_again = min(look_again, later(now, RETRY_SECONDS))
    if is_new_slot:
        actions.append(TakeSample())
        memory = replace(memory, slots_without_sample=memory.slots_without_sample + 1)
    return Decision(actions, memory, look_again, _note(own, memory, seen, now))


def _count_late(memory: Memory, late: int, now: Instant) -> Memory:
    if late:
        return replace(memory, late_slots=memory.late_slots + late, late_at=now)
    if memory.late_at is not None and now - memory.late_at > LATE_SHOWN_SECONDS:
        return replace(memory, late_slots=0, late_at=None)
    return memory


def _with_answers(memory: Memory, seen: Seen) -> Memory:
    items = answered(memory.items, seen.answers)
    if memory.session is None or memory.session.number != seen.session.number:
        items = in_new_session(items)
    elif memory.session != seen.session:
        items = after_break(items)
    return replace(memory, session=seen.session, items=items)


def _with_facts(own: Own, memory: Memory, seen: Seen, now: Instant, *, is_new_slot: bool) -> Memory:
    sample = seen.sample
    if sample is None or (memory.sample is not None and memory.sample.at == sample.at):
        if memory.facts is None or not is_new_slot:
            return memory
        # A machine that cannot be looked at must not hide how old the workers' facts grow.
        return replace(memory, facts=with_workers(memory.facts, seen, now))
    facts = node_facts(seen, sample, memory.sample, now, dead_after_seconds=own.dead_after_seconds)
    return replace(memory, sample=sample, slots_without_sample=0, facts=facts)


def _with_reports(own: Own, memory: Memory, seen: Seen, now: Instant) -> Memory:
    lasting = conditions(
        own.node,
        seen,
        late_slots=memory.late_slots,
        slots_without_sample=memory.slots_without_sample,
        now=now,
    )
    return replace(memory, reports=reports(lasting, memory.reports, seen.wall, now))


def _wanted(own: Own, memory: Memory, seen: Seen, slot: int) -> dict[str, str]:
    wanted = {PRESENCE: own.presence, BEAT: beat_data(own.run_id, slot).decode()}
    if seen.tree is not None:
        wanted[DAEMON_STATE] = _SAID[seen.tree.state]
        # In a tree of another layout faults have another form.
        if not seen.tree.schema_note:
            wanted |= {item_of(fault): report.text for fault, report in memory.reports.items()}
    if memory.facts is not None:
        wanted[FACTS] = facts_data(memory.facts).decode()
    return wanted


def _note(own: Own, memory: Memory, seen: Seen, now: Instant) -> str:
    if seen.session.state is not SessionState.CONNECTED:
        return f"store {seen.session.state} for {now - seen.session.since:.0f} s"
    beat = memory.items.get(BEAT)
    if beat is None or beat.standing is not Standing.WAITING or memory.slot is None:
        return ""
    slots = memory.slot - int(beat.text.rpartition(" ")[2])
    return f"beat unanswered for {slots * own.interval_seconds:.0f} s" if slots > 1 else ""

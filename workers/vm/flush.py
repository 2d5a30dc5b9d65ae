"""Flush and ready: this node's way to having no VMs, and to having its own again; pure.

Invariants: the opposite order is followed at once, whatever is under way; `flushed` is said only
when the tree and the hypervisor agree that nothing runs here; VMs that cannot go are named with the
reason and tried again, the others go all the same.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from cluster.lifecycle.domain import DomainEvent, after, ordered
from cluster.model.node import DomainState, WantedDomainState
from cluster.records.fault_record import fault_id
from runtime.clock import LONG_AGO, Instant, later
from workers.decision import Decision
from workers.faults import Condition
from workers.vm import flush_home, flush_out
from workers.vm.actions import Action, WriteDomainState, WriteFlush
from workers.vm.flush_plan import Plan, Tries
from workers.vm.reports import Told, reports
from workers.vm.rules import Rules
from workers.vm.seen import NodeView, Seen

_ROUND_SECONDS: Final = 0.1
"""All places are weighed again at most this often, however fast the rounds are."""
_LOOK_SECONDS: Final = 1.0
"""While something is under way."""
_REST_SECONDS: Final = 30.0
_TELL_SECONDS: Final = 0.5
"""Between two words on how it goes."""
_STUCK_SECONDS: Final = 3.0
"""What passes by itself is no fault."""
_MOST_NAMED: Final = 100
_MOST_IN_FAULT: Final = 10
_LONGEST_REASON: Final = 300


Decided = Decision[Action, "Memory"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """What is carried from round to round; losing it loses the count and tries stuck VMs anew."""

    state: DomainState | None = None
    """What the rest belongs to."""
    next_at: Instant = LONG_AGO
    tries: Tries = field(default_factory=dict)
    all: frozenset[str] = frozenset()
    """All VMs that this flush or unflush has had to do with."""
    told: Mapping[str, Any] | None = None
    told_at: Instant = LONG_AGO
    stuck_since: Instant | None = None
    faults: Mapping[str, Told] = field(default_factory=dict)


def decide(rules: Rules, seen: Seen, memory: Memory, now: Instant) -> Decided:
    """Bring this node nearer to the domain state it shall have."""
    own = seen.nodes.get(rules.node)
    if own is None or own.wanted_domain_state is None:
        return _rest(memory, now)
    state = own.domain_state or DomainState.FLUSHED
    if (then := ordered(state, own.wanted_domain_state)) is None:
        return _rest(memory, now)
    if memory.state is not state:
        memory = Memory(state=state)
    if now < memory.next_at:
        return Decision((), memory, memory.next_at)
    memory = replace(memory, next_at=later(now, _ROUND_SECONDS))
    if then is not state:
        return Decision((WriteDomainState(now=then),), memory, later(now, _LOOK_SECONDS))
    if state in (DomainState.FLUSH, DomainState.UNFLUSH):
        return _go_on(rules, seen, own, memory, now)
    return _rest(memory, now)


def _go_on(rules: Rules, seen: Seen, own: NodeView, memory: Memory, now: Instant) -> Decided:
    if memory.state is DomainState.FLUSH:
        plan = flush_out.plan(rules, seen, memory.tries, now)
        is_done = not plan.left and seen.sight.at is not None and not seen.sight.trouble
        end = WriteDomainState(now=after(DomainState.FLUSH, DomainEvent.EMPTIED))
    else:
        plan = flush_home.plan(rules, seen, memory.tries, now)
        is_done = not plan.moving and not plan.waiting
        end = WriteDomainState(now=after(DomainState.UNFLUSH, DomainEvent.BROUGHT_HOME))
    told, memory = _tell(rules, seen, own, plan, memory, now, is_done=is_done)
    memory = replace(memory, tries=plan.tries)
    actions = (*plan.orders, *told, *((end,) if is_done else ()))
    return Decision(actions, memory, later(now, _LOOK_SECONDS))


def _rest(memory: Memory, now: Instant) -> Decided:
    return Decision((), memory, later(now, _REST_SECONDS))


def _tell(
    rules: Rules,
    seen: Seen,
    own: NodeView,
    plan: Plan,
    memory: Memory,
    now: Instant,
    *,
    is_done: bool,
) -> tuple[tuple[Action, ...], Memory]:
    memory = replace(memory, all=memory.all | plan.left)
    actions: list[Action] = []
    values = _values(seen, own, plan, memory)
    is_time = is_done or now >= later(memory.told_at, _TELL_SECONDS)
    if values != memory.told and is_time:
        actions.append(WriteFlush(values=values))
        memory = replace(memory, told=values, told_at=now)
    since = None if not plan.stuck else now if memory.stuck_since is None else memory.stuck_since
    is_fault = since is not None and (is_done or now >= later(since, _STUCK_SECONDS))
    lasting = [_condition(rules.node, own, seen, plan)] if is_fault else []
    found, faults = reports(lasting, memory.faults, now)
    return (*actions, *found), replace(memory, stuck_since=since, faults=faults)


def _values(seen: Seen, own: NodeView, plan: Plan, memory: Memory) -> dict[str, Any]:
    """What `node.flush` holds."""
    stuck = _named(seen, plan.stuck)
    return {
        "serial": own.wanted_version,
        "total": len(memory.all),
        "done": len(memory.all) - len(plan.left),
        "moving": sorted(seen.vms[uuid].name for uuid in plan.moving)[:_MOST_NAMED],
        "stuck": dict(list(stuck.items())[:_MOST_NAMED]),
    }


def _named(seen: Seen, stuck: Mapping[str, str]) -> dict[str, str]:
    named = {seen.vms[uuid].name: why[:_LONGEST_REASON] for uuid, why in stuck.items()}
    return dict(sorted(named.items()))


def _condition(node: str, own: NodeView, seen: Seen, plan: Plan) -> Condition:
    stuck = _named(seen, plan.stuck)
    told = "; ".join(f"{name}: {why}" for name, why in list(stuck.items())[:_MOST_IN_FAULT])
    more = f"; and {len(stuck) - _MOST_IN_FAULT} more" if len(stuck) > _MOST_IN_FAULT else ""
    is_flush = own.wanted_domain_state is WantedDomainState.FLUSHED
    what = "cannot be sent away from" if is_flush else "cannot be brought back to"
    return Condition(
        fault=fault_id("node", node, "FLUSH_STUCK"),
        health_delta=10,
        message=f"{len(stuck)} VMs {what} node {node}: {told}{more}",
    )

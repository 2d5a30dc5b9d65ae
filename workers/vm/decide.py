"""What this node does about its VMs, as a table of contents; pure.

Invariant: while the tree cannot be believed nothing is begun, ended or ordered; what was begun
goes on by itself, and what is seen is still told.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from runtime.clock import Instant
from workers.decision import Decision
from workers.vm import flush, tasks, telling, vms
from workers.vm.actions import Action
from workers.vm.flush import Memory as FlushMemory
from workers.vm.rules import Rules
from workers.vm.seen import Seen
from workers.vm.tasks import Memory as TasksMemory
from workers.vm.telling import Memory as TellingMemory
from workers.vm.vms import Memory as VmsMemory


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """What is carried from round to round; losing it costs time, never safety."""

    vms: VmsMemory = field(default_factory=VmsMemory)
    flush: FlushMemory = field(default_factory=FlushMemory)
    tasks: TasksMemory = field(default_factory=TasksMemory)
    telling: TellingMemory = field(default_factory=TellingMemory)


def decide(rules: Rules, seen: Seen, memory: Memory, now: Instant) -> Decision[Action, Memory]:
    """Bring this node's VMs to where they are wanted, and tell what is seen of them."""
    told = telling.decide(rules, seen, memory.telling, now)
    memory = replace(memory, telling=told.memory)
    if seen.store_trouble:
        return Decision(told.actions, memory, told.look_again, seen.store_trouble)
    cared = vms.decide(rules, seen, memory.vms, now)
    flushed = flush.decide(rules, seen, memory.flush, now)
    tasked = tasks.decide(rules, seen, memory.tasks, now)
    actions: Sequence[Action] = (
        *cared.actions,
        *flushed.actions,
        *tasked.actions,
        *told.actions,
    )
    memory = replace(memory, vms=cared.memory, flush=flushed.memory, tasks=tasked.memory)
    parts = (told, cared, flushed, tasked)
    return Decision(actions, memory, min(part.look_again for part in parts), seen.sight.trouble)

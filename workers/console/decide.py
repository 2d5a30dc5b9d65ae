"""When the node's log is written; pure.

Invariant: at most two writes a second, however many lines come. What console does about the VMs'
consoles is to stand beside this, in a part of its own.
"""

from dataclasses import dataclass, replace
from typing import Final

from runtime.clock import Instant, later
from workers.console.actions import Action, Store, TellFacts
from workers.console.seen import Seen
from workers.console.spec import FACTS_SECONDS, WRITE_SECONDS
from workers.decision import Decision

_NEVER: Final = Instant(float("-inf"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """When things were done last."""

    write_at: Instant = _NEVER
    facts_at: Instant = _NEVER


def decide(seen: Seen, memory: Memory, now: Instant) -> Decision[Action, Memory]:
    """Store what waits unless that was done a moment ago."""
    actions: list[Action] = []
    if now >= later(memory.facts_at, FACTS_SECONDS):
        actions.append(TellFacts(seen.next_number, seen.dropped))
        memory = replace(memory, facts_at=now)
    look_again = later(memory.facts_at, FACTS_SECONDS)
    if seen.waiting and now >= later(memory.write_at, WRITE_SECONDS):
        actions.append(Store())
        memory = replace(memory, write_at=now)
    if seen.waiting:
        look_again = min(look_again, later(memory.write_at, WRITE_SECONDS))
    return Decision(actions, memory, look_again)

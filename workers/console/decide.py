"""When the logs are written; pure.

Invariant: at most two writes a second of each log, however many lines come. Whose console has its
turn is decided in `turns`.
"""

from dataclasses import dataclass, field, replace

from runtime.clock import LONG_AGO, Instant, later
from workers.console.actions import Action, Store, StoreConsole, TellFacts
from workers.console.seen import Seen
from workers.console.spec import FACTS_SECONDS, WRITE_SECONDS
from workers.console.turns import Turns, take_turns
from workers.decision import Decision


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """When things were done last."""

    write_at: Instant = LONG_AGO
    facts_at: Instant = LONG_AGO
    turns: Turns = field(default_factory=Turns)


def decide(seen: Seen, memory: Memory, now: Instant) -> Decision[Action, Memory]:
    """Store what waits unless that was done a moment ago."""
    actions: list[Action] = []
    if now >= later(memory.facts_at, FACTS_SECONDS):
        actions.append(TellFacts(seen))
        memory = replace(memory, facts_at=now)
    look_again = later(memory.facts_at, FACTS_SECONDS)
    if seen.waiting and now >= later(memory.write_at, WRITE_SECONDS):
        actions.append(Store())
        memory = replace(memory, write_at=now)
    if seen.waiting:
        look_again = min(look_again, later(memory.write_at, WRITE_SECONDS))
    chosen, turns, look_at_consoles = take_turns(seen.consoles, memory.turns, now)
    actions += [StoreConsole(vm) for vm in chosen]
    memory = replace(memory, turns=turns)
    return Decision(actions, memory, min(look_again, look_at_consoles), _note(seen))


def _note(seen: Seen) -> str:
    """Return what people should know: of many consoles that cannot be read, the first."""
    troubles = seen.consoles.troubles
    if not troubles:
        return ""
    name = min(troubles)
    others = f" (and {len(troubles) - 1} more)" if len(troubles) > 1 else ""
    return f"console of {name}: {troubles[name]}{others}"

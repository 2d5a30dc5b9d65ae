"""Whose console is written next; pure.

Invariants: a console is written twice a second at most; all together stay within the node's budget
of writes and bytes; who waits longest is next, so a VM that prints without end holds up nobody.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from runtime.clock import LONG_AGO, NEVER, Instant, later
from workers.console.seen import ConsolesSeen
from workers.console.spec import (
    CONSOLE_WRITES,
    CONSOLES_BYTES,
    LOOK_SECONDS,
    WRITE_SECONDS,
)

_REMEMBERED_SECONDS: Final = 60.0
"""Longer than anybody waits for a turn; then it counts as never written."""
_HOARD_SECONDS: Final = 0.5
"""What was not used for this long may be used at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turns:
    """What is remembered."""

    written_at: Mapping[str, Instant] = field(default_factory=dict)
    """Of those that were written a moment ago; who was written last stands last."""
    writes: float = CONSOLE_WRITES * _HOARD_SECONDS
    """So many may be made now."""
    bytes: float = CONSOLES_BYTES * _HOARD_SECONDS
    """So many may be written now; what a write costs is known after it, so this may be negative."""
    paid_bytes: int = 0
    """Of `ConsolesSeen.stored_bytes` so many are accounted for."""
    at: Instant = LONG_AGO


def take_turns(
    seen: ConsolesSeen, turns: Turns, now: Instant
) -> tuple[Sequence[str], Turns, Instant]:
    """Return the VMs whose consoles are written now, what to remember, and when to look again."""
    turns = _refilled(seen, turns, now)
    order = {vm: number for number, vm in enumerate(turns.written_at)}
    due = [vm for vm in seen.ready if now >= _next_at(turns, vm)]
    due.sort(key=lambda vm: (order.get(vm, -1), vm))
    chosen = due[: int(turns.writes)] if turns.bytes > 0 else []
    written_at = {
        vm: at
        for vm, at in turns.written_at.items()
        if vm not in chosen and now < later(at, _REMEMBERED_SECONDS)
    }
    turns = replace(
        turns,
        writes=turns.writes - len(chosen),
        written_at={**written_at, **dict.fromkeys(chosen, now)},
    )
    return chosen, turns, _look_again(seen, turns, frozenset(chosen), now)


def _refilled(seen: ConsolesSeen, turns: Turns, now: Instant) -> Turns:
    seconds = min(_HOARD_SECONDS, now - turns.at)
    spent = seen.stored_bytes - turns.paid_bytes
    return replace(
        turns,
        writes=min(turns.writes + CONSOLE_WRITES * seconds, CONSOLE_WRITES * _HOARD_SECONDS),
        bytes=min(turns.bytes - spent + CONSOLES_BYTES * seconds, CONSOLES_BYTES * _HOARD_SECONDS),
        paid_bytes=seen.stored_bytes,
        at=now,
    )


def _next_at(turns: Turns, vm: str) -> Instant:
    return later(turns.written_at.get(vm, LONG_AGO), WRITE_SECONDS)


def _look_again(seen: ConsolesSeen, turns: Turns, chosen: frozenset[str], now: Instant) -> Instant:
    if not seen.followed:
        return NEVER
    look = later(now, LOOK_SECONDS)
    waiting = [_next_at(turns, vm) for vm in seen.ready - chosen]
    if not waiting:
        return look
    affordable = max((1.0 - turns.writes) / CONSOLE_WRITES, -turns.bytes / CONSOLES_BYTES, 0.01)
    return min(look, max(min(waiting), later(now, affordable)))

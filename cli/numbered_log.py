"""A log followed by the numbers of its lines: nothing is lost unsaid, nothing comes twice.

The API answers the lines from number `since` on as `data`, the number of the first of them as
`first`, and the number of the line that will come next as `next`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from cli import timing
from runtime.clock import Clock
from runtime.errors import Refused, Unavailable

Fetch = Callable[[int | None], Mapping[str, Any]]
"""Asks the API for the log from a line number on, or for its end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What one answer adds."""

    lines: tuple[str, ...]
    next: int
    """The number to ask from the next time."""
    missed: int = 0
    """Lines that were dropped from the log before we asked for them."""
    began_anew: bool = False
    """The log has been deleted and numbers its lines from the start again."""


def follow(
    fetch: Fetch, say: Callable[[str], None], tell: Callable[[str], None], clock: Clock
) -> None:
    """Say each line as it comes, over outages of the API; ends when it is interrupted."""
    wanted: int | None = None
    is_waiting = False
    while True:
        try:
            new = batch(fetch(wanted), wanted)
        except Unavailable as error:
            if wanted is None:
                raise
            if not is_waiting:
                tell(f"(waiting: {error.message})")
            is_waiting = True
        else:
            is_waiting = False
            _show(new, say, tell)
            wanted = new.next
        clock.sleep(timing.POLL_SECONDS)


def batch(body: Mapping[str, Any], wanted: int | None) -> Batch:
    """Read an answer; `wanted` is the number that was asked from, None in the first call."""
    first, following = body.get("first"), body.get("next")
    if not isinstance(first, int) or not isinstance(following, int):
        raise Refused("this API does not number the lines of its log, so it cannot be followed")
    lines = log_lines(body) if following > first else ()
    if wanted is None:
        return Batch(lines=lines, next=following)
    if following < wanted:
        return Batch(lines=lines, next=following, began_anew=True)
    return Batch(
        lines=lines[max(0, wanted - first) :], next=following, missed=max(0, first - wanted)
    )


def _show(new: Batch, say: Callable[[str], None], tell: Callable[[str], None]) -> None:
    if new.missed:
        tell(f"({new.missed} lines were dropped before they could be read)")
    if new.began_anew:
        tell("(the log was emptied and begins anew)")
    for line in new.lines:
        say(line)


def log_lines(body: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the lines of an answer without what could disturb a terminal."""
    data = body.get("data")
    if not isinstance(data, str):
        return ()
    return tuple(
        "".join(c if c.isprintable() or c == "\t" else " " for c in line)
        for line in data.split("\n")
    )

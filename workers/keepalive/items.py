"""What is sent to the store for each of our keys, without ever waiting for it; pure.

Invariant: for each key at most one write is under way; what failed is sent again in the next slot,
what was refused at once in another way; what the store holds already is not sent again, except to
prove now and then that it still does.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from workers.keepalive.actions import Put
from workers.keepalive.writing import Answer, Way, next_way

PRESENCE = "presence"
DAEMON_STATE = "daemon_state"
BEAT = "beat"
FACTS = "facts"

_RARE: Final = frozenset({PRESENCE, DAEMON_STATE})
"""Keys that change so rarely that what others have done to them is only found by looking."""


class Standing(StrEnum):
    """How a key of ours stands with the store."""

    UNSAID = "unsaid"
    """Not sent in this session."""
    WAITING = "waiting"
    """Sent and not answered."""
    SETTLED = "settled"
    """The store holds what was sent."""
    REFUSED = "refused"
    """It must be sent in another way, which is known."""
    FAILED = "failed"
    """Not known whether the store holds it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One key of ours."""

    way: Way = Way.WRITE
    text: str = ""
    """What was sent last."""
    standing: Standing = Standing.UNSAID
    is_proven: bool = False
    """The way is known to fit, from its last success."""


Items = Mapping[str, Item]


def in_new_session(items: Items) -> Items:
    """Return the items as they stand when a session begins: nothing is known, presence is gone."""
    renewed = {
        name: replace(item, standing=Standing.UNSAID, is_proven=False)
        for name, item in items.items()
    }
    return {**renewed, PRESENCE: Item(way=Way.CREATE)}


def after_break(items: Items) -> Items:
    """Return the items as they stand when a session has got its connection back."""
    return {
        name: replace(item, standing=Standing.UNSAID) if item.standing is Standing.FAILED else item
        for name, item in items.items()
    }


def answered(items: Items, answers: Mapping[str, Answer]) -> Items:
    """Return the items after what the store has said."""
    return {name: _answered(name, item, answers.get(name)) for name, item in items.items()}


def to_send(
    items: Items, wanted: Mapping[str, str], *, is_new_slot: bool, is_verifying: bool
) -> tuple[list[Put], Items]:
    """Return what to send now, and the items after it; what is not wanted is forgotten as soon as
    nothing of it is under way."""
    puts: list[Put] = []
    after = {
        name: item
        for name, item in items.items()
        if name not in wanted and item.standing is Standing.WAITING
    }
    for name, text in wanted.items():
        item = items.get(name, Item())
        is_due = _is_due(item, text, is_new_slot) or (
            name in _RARE and is_verifying and item.standing is Standing.SETTLED
        )
        if is_due:
            puts.append(Put(name, item.way, text))
            item = replace(item, text=text, standing=Standing.WAITING)
        after[name] = item
    return puts, after


def is_open(items: Items, wanted: Mapping[str, str]) -> bool:
    """Whether an answer under way decides what is to be sent soon after it."""
    return any(
        item.standing in (Standing.WAITING, Standing.REFUSED)
        and (not item.is_proven or item.text != wanted.get(name))
        for name, item in items.items()
    )


def _answered(name: str, item: Item, answer: Answer | None) -> Item:
    if item.standing is not Standing.WAITING or answer is Answer.NONE_YET:
        return item
    if answer is None or answer is Answer.FAILED:
        return replace(item, standing=Standing.FAILED)
    way = next_way(item.way, answer, is_ephemeral=name == PRESENCE)
    if answer is Answer.DONE:
        return replace(item, way=way, standing=Standing.SETTLED, is_proven=True)
    # The same way again would be refused again until somebody else has done his part.
    standing = Standing.REFUSED if way is not item.way else Standing.FAILED
    return replace(item, way=way, standing=standing, is_proven=False)


def _is_due(item: Item, text: str, is_new_slot: bool) -> bool:
    match item.standing:
        case Standing.WAITING:
            return False
        case Standing.UNSAID | Standing.REFUSED:
            return True
        case Standing.FAILED:
            return is_new_slot
        case Standing.SETTLED:
            return text != item.text

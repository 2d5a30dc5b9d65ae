"""How a key gets written without asking first what is there; pure.

Each key has a way that most likely fits; the store's answer to it tells the next. Nothing here
waits: a key whose last write is unanswered is left alone.
"""

from enum import StrEnum
from typing import Final


class Way(StrEnum):
    """What is sent for a key."""

    WRITE = "write"
    """It is there: replace what it holds."""
    CREATE = "create"
    """It is missing: make it."""
    REPLACE = "replace"
    """It is there but must be ours: remove and make it in one transaction."""
    VERIFY = "verify"
    """It should be there: have that confirmed."""


class Answer(StrEnum):
    """What the store said to what was sent last."""

    NONE_YET = "none_yet"
    DONE = "done"
    MISSING = "missing"
    EXISTS = "exists"
    FAILED = "failed"
    """Not known whether it was done."""


_PERSISTENT: Final[dict[tuple[Way, Answer], Way]] = {
    (Way.WRITE, Answer.DONE): Way.WRITE,
    (Way.WRITE, Answer.MISSING): Way.CREATE,
    (Way.CREATE, Answer.DONE): Way.WRITE,
    (Way.CREATE, Answer.EXISTS): Way.WRITE,
}
_EPHEMERAL: Final[dict[tuple[Way, Answer], Way]] = {
    (Way.CREATE, Answer.DONE): Way.VERIFY,
    (Way.CREATE, Answer.EXISTS): Way.REPLACE,
    (Way.REPLACE, Answer.DONE): Way.VERIFY,
    (Way.REPLACE, Answer.MISSING): Way.CREATE,
    (Way.VERIFY, Answer.DONE): Way.VERIFY,
    (Way.VERIFY, Answer.MISSING): Way.CREATE,
}


def next_way(way: Way, answer: Answer, *, is_ephemeral: bool = False) -> Way:
    """Return what to send next; the same again when the answer tells nothing new."""
    return (_EPHEMERAL if is_ephemeral else _PERSISTENT).get((way, answer), way)

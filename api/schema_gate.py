"""Whether this process speaks the layout that the tree has; pure.

Invariant: no key is read or written by the rules of another schema version than the tree's.
"""

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """What follows from the two versions."""

    SERVE = "serve"
    REFUSE = "refuse"
    """Answer 503 until the tree has our version."""
    RESTART = "restart"
    """The tree has been advanced while we ran: newer software may have been installed."""


@dataclass(frozen=True, slots=True)
class Gate:
    """The verdict, and what is said about it."""

    verdict: Verdict
    message: str = ""


def judge(ours: int, first_seen: int | None, now: int | None) -> Gate:
    """Compare the version we speak with the tree's: the first we have seen, and that of now."""
    if now == ours:
        return Gate(Verdict.SERVE)
    if now is None:
        return Gate(
            Verdict.REFUSE,
            "The cluster has no readable schema version: its first node makes it when the cluster "
            "is new, else the status of a node's pvcnoded says what is wrong.",
        )
    if now < ours:
        return Gate(
            Verdict.REFUSE,
            f"The cluster's data has schema version {now}, this API speaks {ours}: it answers as "
            "soon as every node runs the new software and the data has been migrated.",
        )
    message = (
        f"The cluster's data has schema version {now}, this API speaks {ours} only: upgrade the "
        "software of this node."
    )
    was_spoken = first_seen is not None and first_seen <= ours
    return Gate(Verdict.RESTART if was_spoken else Verdict.REFUSE, message)

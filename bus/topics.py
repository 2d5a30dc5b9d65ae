"""The addresses on the bus: `<kind>.<name>`; one subscribes to a kind, or to one name in it."""

from enum import StrEnum


class Topic(StrEnum):
    """What a message is about; the name of its subject follows after a dot."""

    BEAT = "beat"
    """beat.<worker>: a worker finished a round; to the root."""
    HINT = "hint"
    """hint.<noun>: look again at this noun; to whom it concerns."""
    FACTS = "facts"
    """facts.<worker or supervisor>: what the sender sees on this node; to keepalive."""
    CONTROL = "control"
    """control.<worker>: the root's order to a worker."""
    LOG = "log"
    """log.<worker or supervisor>: a log line; to console."""


def address(topic: Topic, name: str) -> str:
    """Return the address of `name` under `topic`."""
    return f"{topic}.{name}"

"""Colours of states; pure."""

from typing import Final

from cli.table import coloured, printable

_COLOUR_OF: Final = {
    # nodes
    "run": "green",
    "init": "yellow",
    "shutdown": "yellow",
    "stop": "red",
    "dead": "red",
    "fenced": "red",
    "primary": "green",
    "secondary": "blue",
    "client": "cyan",
    "takeover": "yellow",
    "relinquish": "yellow",
    "ready": "green",
    "flush": "yellow",
    "flushed": "blue",
    "unflush": "yellow",
    "fence-flush": "red",
    # workers
    "running": "green",
    "waiting": "yellow",
    "starting": "yellow",
    "stopping": "yellow",
    "parked": "red",
    "stopped": "red",
    # faults
    "new": "red",
    "ack": "green",
    # tasks
    "PENDING": "yellow",
    "RUNNING": "cyan",
    "SUCCESS": "green",
    "FAILURE": "red",
    # links
    "up": "green",
    "down": "red",
}


def state(value: object) -> str:
    """Return a state in its colour."""
    text = printable(value)
    return coloured(text, _COLOUR_OF.get(text, ""))


def health(value: object) -> str:
    """Return a health in percent in its colour."""
    if not isinstance(value, int) or isinstance(value, bool):
        return printable(value, missing="N/A")
    colour = "green" if value > 90 else "yellow" if value > 50 else "red"
    return coloured(f"{value}%", colour)

"""How clients ask for lines of a log, a node's or a VM's; pure."""

from dataclasses import dataclass
from typing import Final

from api.v1.arguments import Arguments
from api.v1.parameter import Kind, Parameter

_LINES: Final = 10
_MOST_LINES: Final = 100_000

LOG_PARAMETERS: Final = (
    Parameter(
        name="lines",
        about="At most so many lines: the last ones, or with `since` the next ones. Without "
        f"`since` {_LINES} unless given.",
        kind=Kind.INTEGER,
        minimum=0,
        maximum=_MOST_LINES,
    ),
    Parameter(
        name="since",
        about="Only lines with this number or a higher one: the `next` of the answer before, to "
        "follow the log.",
        kind=Kind.INTEGER,
        minimum=0,
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LogQuery:
    """Which lines are wanted."""

    last: int | None
    """The last so many; None: all."""
    start: int
    """From this number on."""
    at_most: int | None
    """And of those the first so many."""


def log_query(arguments: Arguments) -> LogQuery:
    """Return which lines a call asks for."""
    since, lines = arguments.integer("since"), arguments.integer("lines")
    if since is None:
        return LogQuery(last=_LINES if lines is None else lines, start=0, at_most=None)
    return LogQuery(last=None, start=since, at_most=lines)

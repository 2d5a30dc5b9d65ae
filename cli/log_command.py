"""What the commands that show a log share, a node's or a VM's: options, pager, following."""

import contextlib
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

import click

from cli.answer import one
from cli.numbered_log import follow as follow_log
from cli.numbered_log import log_lines
from cli.session import Session
from runtime.clock import SYSTEM_CLOCK

F = TypeVar("F", bound=Callable[..., Any])

_LINES_SHOWN: Final = 1000
_LINES_BEFORE_FOLLOWING: Final = 10


def log_options(command: F) -> F:
    """Give a command the options `lines` and `follow`."""
    lines = click.option(
        "-l",
        "--lines",
        type=click.IntRange(min=1),
        help=f"How many lines; {_LINES_SHOWN}, or {_LINES_BEFORE_FOLLOWING} when following.",
    )
    follow = click.option("-f", "--follow", is_flag=True, help="Show new lines as they come.")
    return lines(follow(command))


def show_log(
    session: Session,
    path: tuple[str, ...],
    what: str,
    name: str,
    lines: int | None,
    *,
    follow: bool,
) -> None:
    """Show the last lines in a pager, or follow the log until interrupted."""

    def fetch(**asked: int) -> Mapping[str, Any]:
        return one(session.fresh(session.client.get(*path, **asked)), what, name)

    if follow:
        before = lines or _LINES_BEFORE_FOLLOWING
        with contextlib.suppress(KeyboardInterrupt):  # the way to end it
            follow_log(
                lambda since: fetch(lines=before) if since is None else fetch(since=since),
                session.say,
                session.tell,
                SYSTEM_CLOCK,
            )
        return
    text = "\n".join(log_lines(fetch(lines=lines or _LINES_SHOWN)))
    if not session.is_silent:
        click.echo_via_pager(text, color=session.colour)

"""Follows an order to its end by asking again and again, so that the API holds no thread for it.

Invariant: an interruption or an outage of the API ends the looking, never the order.
"""

from collections.abc import Callable
from dataclasses import dataclass

import click

from cli import timing
from cli.progress import Progress
from cli.session import Session
from runtime.clock import SYSTEM_CLOCK, Clock
from runtime.errors import Refused, Unavailable
from runtime.exitcode import ExitCode


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How far an order is."""

    text: str
    is_done: bool = False
    failure: str = ""
    """Why it has ended, or cannot go on, without having been carried out."""
    current: int | None = None
    total: int | None = None


def wait(
    session: Session, ask: Callable[[], Look], goes_on: str, clock: Clock = SYSTEM_CLOCK
) -> str:
    """Wait until the order is carried out and return what is to be said then; raises `Refused` with
    the reason when it failed. `goes_on` is said when the waiting is interrupted."""
    with Progress(is_shown=not session.is_silent) as progress:
        try:
            look = _last(ask, progress, clock)
        except KeyboardInterrupt:
            progress.clear()
            session.tell(f"No longer waiting. {goes_on}")
            raise click.exceptions.Exit(ExitCode.REFUSED) from None
    if look.failure:
        raise Refused(look.failure)
    return look.text


def _last(ask: Callable[[], Look], progress: Progress, clock: Clock) -> Look:
    while True:
        try:
            look = ask()
        except Unavailable as error:
            progress.show(None, None, f"(waiting: {error.message})")
        else:
            if look.is_done or look.failure:
                return look
            progress.show(look.current, look.total, look.text)
        clock.sleep(timing.POLL_SECONDS)

"""Telling a person what is going on: a live line on a terminal, plain lines elsewhere."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from testbed.waiting import Stopwatch

WIDTH = 100


def say(text: str) -> None:
    """Print one line at once."""
    print(text, flush=True)


def complain(text: str) -> None:
    """Print one line to standard error."""
    print(text, file=sys.stderr, flush=True)


class Step:
    """A long step that may say how far it has come."""

    def __init__(self, title: str) -> None:
        """Begin; nothing is printed yet."""
        self._title = title
        self._watch = Stopwatch()
        self._live = sys.stdout.isatty()
        self._last_plain_seconds = 0.0

    def show(self, detail: str) -> None:
        """Replace the live line; on a plain output print at most one line in ten seconds."""
        seconds = self._watch.seconds()
        text = f"  {self._title} … {seconds:3.0f} s  {detail}"[:WIDTH]
        if self._live:
            print(f"\r{text:<{WIDTH}}", end="", flush=True)
        elif seconds - self._last_plain_seconds >= 10.0:
            self._last_plain_seconds = seconds
            say(text.rstrip())

    def end(self, mark: str) -> None:
        """Close the step with its duration."""
        text = f"  {self._title}: {mark} ({self._watch.seconds():.1f} s)"
        say(f"\r{text:<{WIDTH}}" if self._live else text)


@contextmanager
def step(title: str) -> Iterator[Step]:
    """Show a step while the block runs and its duration afterwards."""
    shown = Step(title)
    if sys.stdout.isatty():
        shown.show("")
    try:
        yield shown
    except BaseException:
        shown.end("FAILED")
        raise
    shown.end("done")

"""A line of a child, read.

Invariant: whatever is wrong with a line (its child was killed in the middle of it, a library wrote
among ours) is `Garbled` and nothing else: whoever reads it gives the child up, and lives on.
"""

import json
from collections.abc import Callable
from typing import Any, Final, TypeVar

_SHOWN: Final = 80

T = TypeVar("T")


class Garbled(Exception):
    """A child said what cannot be read."""


def read_line(line: str, read: Callable[[Any], T]) -> T:
    """Return what a line says; raises `Garbled`."""
    try:
        return read(json.loads(line))
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
        raise Garbled(f"it said what cannot be read: {line[:_SHOWN]!r}") from error

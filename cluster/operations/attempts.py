"""Orders that are right whatever another order has just changed: read again, try again."""

from collections.abc import Callable
from typing import Final

from runtime.errors import Conflict

_ATTEMPTS: Final = 5


def until_applied(attempt: Callable[[], None]) -> None:
    """Run an attempt, which reads and applies, again after each `Conflict`; raises the last one."""
    for _ in range(_ATTEMPTS - 1):
        try:
            return attempt()
        except Conflict:
            continue
    return attempt()

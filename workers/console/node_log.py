"""What console asks of the place where the node's log is kept."""

from collections.abc import Sequence
from typing import Protocol


class NodeLog(Protocol):
    """The node's log; every line has its number for good."""

    def open(self) -> bool:
        """Make sure that we know where the log stands; raises `Unavailable`.

        Returns whether lines whose writing was broken off turned out to be there.
        """

    def append(self, lines: Sequence[str]) -> None:
        """Add lines, and drop the oldest; raises `Unavailable` when that is not certain."""

    @property
    def next_number(self) -> int:
        """The number of the next line."""

"""Log lines that were heard and are not stored yet; pure.

Invariant: bounded, however fast lines come and however long the store is away. The oldest go
first, and the line that stands for them says how many they were.
"""

from collections import deque
from collections.abc import Sequence
from typing import Final

from bus.log_lines import LONGEST_TEXT
from bus.messages import Line

_MOST_SENDERS: Final = 64


class Backlog:
    """Lines in the order in which they were heard."""

    def __init__(self, most_lines: int) -> None:
        self._lines: deque[str] = deque()
        self._under_way: list[str] = []
        self._most_lines = most_lines
        self._sequences: dict[str, int] = {}
        self._unstored = 0
        """Lost lines that no stored line tells of yet."""
        self.dropped = 0
        """Lost lines since the start."""

    def __len__(self) -> int:
        return len(self._under_way) + len(self._lines)

    def add(self, sender: str, sequence: int, line: Line) -> None:
        """Keep a line; a gap in its sender's sequence is lines that the bus has lost."""
        self._count_lost(sender, sequence)
        if len(self._lines) >= self._most_lines:
            self._lines.popleft()
            self._lose(1)
        self._lines.append(text_of(line)[:LONGEST_TEXT])

    def begin(self, most_bytes: int, at: str) -> Sequence[str]:
        """Return the next lines to store, so many bytes at most but one line at least.

        The same lines again until they are confirmed, whatever is added meanwhile.
        """
        if self._under_way:
            return self._under_way
        if self._unstored and self._lines:
            self._lines.appendleft(f"{at} warning console: {self._unstored} lines were lost here")
            self._unstored = 0
        size = 0
        while self._lines:
            size += len(self._lines[0].encode())
            if self._under_way and size > most_bytes:
                break
            self._under_way.append(self._lines.popleft())
        return self._under_way

    def confirm(self) -> None:
        """Forget the lines that were begun: they are stored."""
        self._under_way = []

    def _count_lost(self, sender: str, sequence: int) -> None:
        if sender not in self._sequences and len(self._sequences) >= _MOST_SENDERS:
            return
        before = self._sequences.get(sender)
        self._sequences[sender] = sequence
        # A lower number is a sender that began anew.
        if before is not None and sequence > before + 1:
            self._lose(sequence - before - 1)

    def _lose(self, count: int) -> None:
        self._unstored += count
        self.dropped += count


def text_of(line: Line) -> str:
    """Return a line as people read it in the node's log."""
    return f"{line.at} {line.level} {line.worker}: {line.text}"

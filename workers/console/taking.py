"""The lines in a part of a file, the last ones of many; the others are counted.

Invariant: memory is bounded by what is kept, however much was written.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from workers.console.cutting import cut
from workers.console.log_file import LogFile

_BLOCK_BYTES: Final = 256 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What was taken of a file."""

    lines: Sequence[bytes] = ()
    skipped: int = 0
    """Lines before them that are left out."""
    end: int
    """Where the next line begins."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """How much is kept."""

    lines: int
    bytes: int


def take(file: LogFile, start: int, end: int, bounds: Bounds, *, with_rest: bool) -> Taken:
    """Return the last lines between two offsets; raises `NotALogFile`."""
    begin, skipped = start, 0
    if end - start > bounds.bytes:
        begin = end - bounds.bytes
        to_next = file.read(begin, bounds.bytes).find(b"\n") + 1
        begin += to_next
        skipped = _count_lines(file, start, begin)
    found = cut(file.read(begin, end - begin), with_rest=with_rest)
    surplus = max(0, len(found.lines) - bounds.lines)
    return Taken(lines=found.lines[surplus:], skipped=skipped + surplus, end=begin + found.used)


def _count_lines(file: LogFile, start: int, end: int) -> int:
    count = 0
    while start < end and (block := file.read(start, min(_BLOCK_BYTES, end - start))):
        count += block.count(b"\n")
        start += len(block)
    return count

"""Bytes of a console into lines; pure.

Invariant: each byte before `used` is in exactly one line or a line's end, in order, so whoever goes
on at `used` loses and repeats nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

LONGEST_LINE: Final = 4096
"""Bytes; a longer line becomes several."""


@dataclass(frozen=True, slots=True)
class Cut:
    """What was cut off."""

    lines: Sequence[bytes]
    used: int
    """How many of the bytes are in these lines."""


def cut(data: bytes, *, with_rest: bool) -> Cut:
    """Cut bytes into lines; `with_rest`: what has no end yet is a line too."""
    lines = data.split(b"\n")
    rest = lines.pop()
    if len(data) > LONGEST_LINE and any(len(line) > LONGEST_LINE for line in lines):
        lines = [piece for line in lines for piece in _pieces(line)]
    *ended, rest = _pieces(rest)
    lines += ended
    if with_rest and rest:
        return Cut([*lines, rest], len(data))
    return Cut(lines, len(data) - len(rest))


def _pieces(line: bytes) -> list[bytes]:
    """Split a line that is too long, not within a character."""
    pieces = []
    start = 0
    while len(line) - start > LONGEST_LINE:
        end = start + LONGEST_LINE
        while end > start + LONGEST_LINE - 4 and line[end] & 0xC0 == 0x80:
            end -= 1
        pieces.append(line[start:end])
        start = end
    return [*pieces, line[start:]]

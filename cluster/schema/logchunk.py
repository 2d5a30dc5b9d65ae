"""How numbered lines are cut into chunks; pure. Used by the log record and by schema step 16."""

from collections.abc import Iterator, Sequence
from typing import Final

CHUNK_LINES: Final = 100
CHUNK_BYTES: Final = 16 * 1024
"""A chunk is written whole for each line added to it, so it is small."""
_LONGEST_LINE: Final = 4096
_DIGITS: Final = 12


def chunk_name(first: int) -> str:
    """Return the name of the chunk whose first line has this number."""
    return f"{first:0{_DIGITS}}"


def first_number(name: str) -> int | None:
    """Return the number of a chunk's first line, None when the name is not a chunk's."""
    return int(name) if len(name) == _DIGITS and name.isascii() and name.isdigit() else None


def one_line(text: str) -> str:
    """Return a text as one line of bounded length that is not empty."""
    cut = text if len(text) <= _LONGEST_LINE else f"{text[: _LONGEST_LINE - 1]}…"
    return cut.replace("\r", "").replace("\n", "\\n") or " "


def chunks(lines: Sequence[str]) -> Iterator[tuple[int, Sequence[str]]]:
    """Cut lines numbered from 0 into chunks; yields first number and lines."""
    start = size = 0
    for number, line in enumerate(lines):
        if number > start and (number - start >= CHUNK_LINES or size + len(line) > CHUNK_BYTES):
            yield start, lines[start:number]
            start, size = number, 0
        size += len(line) + 1
    if lines:
        yield start, lines[start:]

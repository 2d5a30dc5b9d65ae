"""Aligned tables and key-value lists; pure. Widths count characters, not colour codes."""

import re
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

_RESET: Final = "\x1b[0m"
_CODES: Final = {
    "bold": "\x1b[1m",
    "red": "\x1b[31m",
    "green": "\x1b[32m",
    "yellow": "\x1b[33m",
    "blue": "\x1b[34m",
    "cyan": "\x1b[36m",
}
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_GAP: Final = "  "
_NARROWEST: Final = 16
"""Below so many characters folding would make it worse."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table."""

    title: str
    is_number: bool = False
    """Numbers stand at the right."""
    least: int | None = None
    """To so many characters texts may be cut to fit a terminal; None: never."""


def coloured(text: str, colour: str) -> str:
    """Return the text in a colour; whoever prints it decides whether colours are shown."""
    return f"{_CODES[colour]}{text}{_RESET}" if text and colour else text


def printable(value: object, missing: str = "-") -> str:
    """Return a value from outside as text without control characters, which could do anything to
    a terminal."""
    if value is None or value == "":
        return missing
    return "".join(c if c.isprintable() else " " for c in str(value))


def table(
    columns: Sequence[Column], rows: Iterable[Sequence[str]], width: int | None = None
) -> str:
    """Return a table with a title line that fits `width` if it can: texts are cut in the columns
    that allow it, and folded in the last one if that does not."""
    body = [list(row) for row in rows]
    widths = [
        max(len(column.title), *(_width(row[number]) for row in body), 0)
        for number, column in enumerate(columns)
    ]
    titles = [coloured(column.title, "bold") for column in columns]
    if width is not None:
        widths = _fitted(columns, widths, width - len(_GAP) * (len(columns) - 1))
        body = [[_cut(c, w, t) for c, w, t in zip(columns, widths, r, strict=True)] for r in body]
    if width is not None and _folds(columns):
        body = _folded(body, width - sum(widths[:-1]) - len(_GAP) * (len(columns) - 1))
    return "\n".join(_line(columns, widths, row) for row in [titles, *body])


def pairs(items: Iterable[tuple[str, str]], indent: str = "") -> str:
    """Return lines of name and value, the values below each other."""
    listed = list(items)
    width = max((len(name) for name, _ in listed), default=0) + 1
    return "\n".join(
        f"{indent}{coloured(f'{name}:', 'bold')}{' ' * (width - len(name))}{value}"
        for name, value in listed
    )


def indented(text: str, indent: str = "  ") -> str:
    """Return the text moved to the right."""
    return "\n".join(f"{indent}{line}" if line else line for line in text.splitlines())


def size_of_mib(mib: object) -> str:
    """Return an amount of memory as people read it."""
    if not isinstance(mib, int | float) or isinstance(mib, bool):
        return "-"
    return f"{mib / 1024:.1f}G" if abs(mib) >= 1024 else f"{mib:.0f}M"


def rate_of_bits(bps: object) -> str:
    """Return bits per second as people read them."""
    if not isinstance(bps, int | float) or isinstance(bps, bool):
        return "-"
    for limit, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(bps) >= limit:
            return f"{bps / limit:.1f}{unit}"
    return f"{bps:.0f}"


def age_of_seconds(seconds: object) -> str:
    """Return an age as people read it."""
    if not isinstance(seconds, int | float) or isinstance(seconds, bool) or seconds < 0:
        return "-"
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.0f} h"


def _fitted(columns: Sequence[Column], widths: Sequence[int], room: int) -> list[int]:
    """Return the widths after characters were taken from the widest columns that may be cut; the
    first one, which names the row, keeps twice as many as others."""
    fitted = list(widths)
    last = max(0, widths[-1] - _NARROWEST) if _folds(columns) else 0
    for _ in range(sum(widths) - last - room):
        able = [
            n for n, c in enumerate(columns) if c.least and fitted[n] > max(c.least, len(c.title))
        ]
        if not able:
            break
        fitted[max(able, key=lambda n: fitted[n] * (2 if n else 1))] -= 1
    return fitted


def _folds(columns: Sequence[Column]) -> bool:
    return not columns[-1].is_number and columns[-1].least is None


def _cut(column: Column, width: int, text: str) -> str:
    if column.least is None or _width(text) <= width or _COLOUR.search(text):
        return text
    return text[: width - 1] + "…"


def _folded(body: Iterable[list[str]], room: int) -> list[list[str]]:
    """Return the rows with one more line for what does not fit into the last column."""
    lines: list[list[str]] = []
    for row in body:
        text = row[-1]
        if room < _NARROWEST or _width(text) <= room or _COLOUR.search(text):
            lines.append(row)
            continue
        first, *others = textwrap.wrap(text, room, break_on_hyphens=False) or [""]
        lines.append([*row[:-1], first])
        lines += [[""] * (len(row) - 1) + [other] for other in others]
    return lines


def _line(columns: Sequence[Column], widths: Sequence[int], row: Sequence[str]) -> str:
    cells = []
    for column, width, text in zip(columns, widths, row, strict=True):
        space = " " * max(0, width - _width(text))
        cells.append(space + text if column.is_number else text + space)
    return _GAP.join(cells).rstrip()


def _width(text: str) -> int:
    return len(_COLOUR.sub("", text))

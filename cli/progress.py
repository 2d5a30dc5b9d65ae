"""One line that says how far something is: a bar on a terminal, a line per change elsewhere."""

import shutil
import sys
from types import TracebackType
from typing import Final, TextIO

_BAR_CHARACTERS: Final = 24


class Progress:
    """The line; gone when the block ends."""

    def __init__(self, *, is_shown: bool = True, out: TextIO | None = None) -> None:
        self._out = out or sys.stderr
        self._is_shown = is_shown
        self._is_terminal = self._out.isatty()
        self._last = ""

    def __enter__(self) -> "Progress":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.clear()

    def clear(self) -> None:
        """Take the line away, so that something else can be written."""
        if self._last and self._is_terminal:
            self._write("\r\x1b[K")
        self._last = ""

    def show(self, current: object, total: object, text: str) -> None:
        """Say how far it is."""
        line = bar(current, total, text, shutil.get_terminal_size().columns)
        if line == self._last or not self._is_shown:
            return
        self._last = line
        self._write(f"\r\x1b[K{line}" if self._is_terminal else f"{line}\n")

    def _write(self, text: str) -> None:
        self._out.write(text)
        self._out.flush()


def bar(current: object, total: object, text: str, width: int) -> str:
    """Return the line; without a bar while nothing is known."""
    if not isinstance(current, int) or not isinstance(total, int) or not 0 < current <= total:
        return text[: width - 1]
    filled = _BAR_CHARACTERS * current // total
    drawn = "#" * filled + "." * (_BAR_CHARACTERS - filled)
    return f"[{drawn}] {current}/{total} {text}"[: width - 1]

"""A guest that prints numbered lines into its console's file, which is rotated as virtlogd does."""

import threading
import time
from pathlib import Path

_KEPT = 3
"""Renamed files that virtlogd keeps."""


class PrintingGuest:
    """Writes `line 0`, `line 1` …, from this thread or from its own."""

    def __init__(self, path: Path, *, rotate_bytes: int = 2 * 1024 * 1024, width: int = 0) -> None:
        self.path = path
        self.printed = 0
        self._rotate_bytes = rotate_bytes
        self._width = width
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._per_second = 0.0

    def text(self, number: int) -> str:
        """Return what line of this number says."""
        return f"line {number}".ljust(self._width, "x")

    def prints(self, count: int) -> None:
        """Print so many lines now."""
        lines = "".join(f"{self.text(self.printed + n)}\r\n" for n in range(count))
        with self.path.open("a") as file:
            file.write(lines)
        self.printed += count
        if self.path.stat().st_size > self._rotate_bytes:
            self._rotate()

    def start(self, per_second: float) -> None:
        """Print until told to be quiet."""
        self._per_second = per_second
        self._thread.start()

    def stop(self) -> None:
        """Be quiet."""
        self._is_over.set()
        self._thread.join()

    def _run(self) -> None:
        begin, done = time.monotonic(), 0
        while not self._is_over.wait(0.02):
            due = int((time.monotonic() - begin) * self._per_second)
            self.prints(due - done)
            done = due

    def _rotate(self) -> None:
        for number in range(_KEPT - 2, -1, -1):
            older = Path(f"{self.path}.{number}")
            if older.exists():
                older.rename(f"{self.path}.{number + 1}")
        self.path.rename(f"{self.path}.0")
        self.path.touch()

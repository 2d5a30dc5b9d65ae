"""A child process of our own that is given its orders once and answers in lines, for as long as it
likes.

Invariants: its owner never waits for it: orders lie in memory before it starts, a thread reads what
it says into a bounded queue (a child that says more than is taken waits, nothing is lost), and
killing returns at once. It cannot outlive its owner when it asks the kernel for that first of
all (`workers/parent.py`). It is to be started by the main thread: a parent-death signal follows
the thread.
"""

import contextlib
import os
import queue
import selectors
import signal
import subprocess
import threading
from collections.abc import Callable, Sequence
from typing import Final

from runtime.errors import Unavailable
from runtime.log import get_logger

log = get_logger(__name__)

_LINES_KEPT: Final = 256
_LONGEST_LINE_BYTES: Final = 16 << 20
_CHUNK_BYTES: Final = 1 << 16
_COMPLAINTS_LOGGED: Final = 20
"""So many lines of its standard error go to our log; of the rest the number and the last one."""
_LONGEST_COMPLAINT: Final = 500


class Companion:
    """One child; `wake` is called from another thread whenever there is something to look at."""

    def __init__(self, name: str, process: "subprocess.Popen[bytes]") -> None:
        self.name = name
        self.pid = process.pid
        self._process = process
        self._lines: queue.Queue[str] = queue.Queue(_LINES_KEPT)
        self._is_silent = threading.Event()
        self._is_dropped = False

    @classmethod
    def start(
        cls, name: str, arguments: Sequence[str], given: str, wake: Callable[[], None]
    ) -> "Companion":
        """Execute a child with `given` as its standard input; raises `Unavailable`."""
        orders = os.memfd_create(f"orders-{name}", os.MFD_CLOEXEC)
        try:
            os.write(orders, given.encode())
            os.lseek(orders, 0, os.SEEK_SET)
            process = subprocess.Popen(
                list(arguments),
                stdin=orders,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                process_group=0,
            )
        except OSError as error:
            message = f"{arguments[0]} cannot be run: {error.strerror}"
            raise Unavailable(message, program=arguments[0]) from error
        finally:
            os.close(orders)
        companion = cls(name, process)
        reader = _Reader(companion, process, wake)
        threading.Thread(target=reader.run, name=f"reads {name}", daemon=True).start()
        return companion

    def lines(self) -> list[str]:
        """Return what it has said since the last time."""
        taken: list[str] = []
        with contextlib.suppress(queue.Empty):
            while True:
                taken.append(self._lines.get_nowait())
        return taken

    @property
    def code(self) -> int | None:
        """How it ended: exit code or minus the signal's number; None while it lives."""
        if self._process.returncode is None:
            self._collect()
        return self._process.returncode

    @property
    def is_over(self) -> bool:
        """Whether it has ended and everything it said has been read, though maybe not taken."""
        return self.code is not None and self._is_silent.is_set()

    def kill(self) -> None:
        """Send SIGKILL to it and its process group; what it said last may be lost."""
        self._is_dropped = True
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, signal.SIGKILL)

    def keep(self, line: str) -> None:
        """Take in a line; waits while too many are not taken. For the reading thread."""
        while not self._is_dropped:
            with contextlib.suppress(queue.Full):
                self._lines.put(line, timeout=0.2)
                return

    def fall_silent(self) -> None:
        """Note that nothing more will be said. For the reading thread."""
        self._is_silent.set()

    def _collect(self) -> None:
        looking = os.WEXITED | os.WNOHANG | os.WNOWAIT
        with contextlib.suppress(ChildProcessError):
            if os.waitid(os.P_PID, self.pid, looking) is None:
                return
        # Dead but not collected: its number is still its own, so the group can be named safely.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        self._process.poll()


class _Reader:
    """Reads both pipes of a child to their end, in a thread of its own."""

    def __init__(
        self, companion: Companion, process: "subprocess.Popen[bytes]", wake: Callable[[], None]
    ) -> None:
        assert process.stdout is not None and process.stderr is not None
        self._companion = companion
        self._said, self._complaint = process.stdout, process.stderr
        self._wake = wake
        self._complaints = 0
        self._last_complaint = ""

    def run(self) -> None:
        """Read until the child has closed both."""
        takers = {self._said.fileno(): self._take_line, self._complaint.fileno(): self._log}
        with selectors.DefaultSelector() as selector:
            for number, take in takers.items():
                selector.register(number, selectors.EVENT_READ, _Cut(take))
            while selector.get_map():
                for key, _ in selector.select():
                    if not key.data.feed(os.read(key.fd, _CHUNK_BYTES)):
                        selector.unregister(key.fd)
        self._said.close()
        self._complaint.close()
        self._finish()

    def _take_line(self, line: str) -> None:
        self._companion.keep(line)
        self._wake()

    def _log(self, line: str) -> None:
        self._complaints += 1
        self._last_complaint = line.strip()[:_LONGEST_COMPLAINT]
        if self._complaints <= _COMPLAINTS_LOGGED and line.strip():
            log.warning("child_complained", child=self._companion.name, said=self._last_complaint)

    def _finish(self) -> None:
        if self._complaints > _COMPLAINTS_LOGGED:
            unlogged = self._complaints - _COMPLAINTS_LOGGED
            name, last = self._companion.name, self._last_complaint
            log.warning("child_complaints_dropped", child=name, lines=unlogged, last=last)
        self._companion.fall_silent()
        self._wake()


class _Cut:
    """Cuts what is read from one pipe into lines."""

    def __init__(self, take: Callable[[str], None]) -> None:
        self._take = take
        self._rest = b""

    def feed(self, chunk: bytes) -> bool:
        """Take in what was read; False when nothing more is to be read."""
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        if not chunk and self._rest:
            lines, self._rest = [self._rest], b""
        for line in lines:
            self._take(line.decode(errors="replace"))
        return bool(chunk) and len(self._rest) <= _LONGEST_LINE_BYTES

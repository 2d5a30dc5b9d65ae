"""Signals as something to read: the handlers do nothing, the loop looks.

Invariant: from `block` before an execv until `Signals()` in the new image no signal can end the
process, and none is lost.
"""

import os
import signal
from typing import Final

LISTENED_TO: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class Signals:
    """The signals that have arrived."""

    def __init__(self) -> None:
        self._end, write_end = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(write_end, warn_on_full_buffer=False)
        for number in LISTENED_TO:
            signal.signal(number, lambda _number, _frame: None)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, LISTENED_TO)

    def fileno(self) -> int:
        """Return a descriptor that can be read when there is one."""
        return self._end

    def drain(self) -> tuple[int, ...]:
        """Return what has arrived since the last call."""
        try:
            return tuple(os.read(self._end, 512))
        except BlockingIOError:
            return ()


def block() -> None:
    """Let signals wait until somebody listens again."""
    signal.pthread_sigmask(signal.SIG_BLOCK, LISTENED_TO)

"""How another thread wakes the one that waits in `Subscriber.receive`.

Callbacks of libraries (store events, signals) only set it; the waiting thread looks for itself.
"""

import contextlib
import os


class Wake:
    """A flag with a file descriptor that can be read while it is set."""

    def __init__(self) -> None:
        self._descriptor = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)

    def fileno(self) -> int:
        """Return the descriptor to wait on."""
        return self._descriptor

    def set(self) -> None:
        """Wake the other thread; may be called by any thread and by signal handlers."""
        with contextlib.suppress(BlockingIOError):
            os.eventfd_write(self._descriptor, 1)

    def clear(self) -> bool:
        """Take the flag down; returns whether it was set."""
        try:
            os.eventfd_read(self._descriptor)
        except BlockingIOError:
            return False
        return True

    def close(self) -> None:
        """Give the descriptor back."""
        os.close(self._descriptor)

"""A worker never outlives the root.

The kernel kills it when its parent dies, also while it is stopped or hangs in a call; that the
root had died already before we could ask for it shows in the parent's pid.
"""

import ctypes
import os
import signal
from typing import Final

_PR_SET_PDEATHSIG: Final = 1


def die_with_parent() -> None:
    """Ask the kernel for SIGKILL at our parent's death; to be called before anything slow."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def is_child_of(root_pid: int) -> bool:
    """Whether the root that started us is still our parent."""
    return os.getppid() == root_pid

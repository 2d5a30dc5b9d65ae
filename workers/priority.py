"""How a worker's process stands against the others on the machine.

Everything here is a wish: where the kernel or a container refuses it, the worker runs without.
"""

import contextlib
import ctypes
import os
from typing import Final

from workers.spec import WorkerSpec

_MCL_CURRENT: Final = 1
_MCL_FUTURE: Final = 2
_MCL_ONFAULT: Final = 4
_LOWEST_REALTIME: Final = 1


def take_priority(spec: WorkerSpec) -> str:
    """Take the place the spec asks for, threads to come included; returns what was granted."""
    if spec.is_realtime and _is_realtime_granted():
        _keep_in_memory()
        return "realtime"
    if spec.is_realtime:
        _keep_in_memory()
    with contextlib.suppress(PermissionError):
        os.setpriority(os.PRIO_PROCESS, 0, spec.nice)
    return f"nice {os.getpriority(os.PRIO_PROCESS, 0)}"


def _is_realtime_granted() -> bool:
    try:
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(_LOWEST_REALTIME))
    except OSError:
        return False
    return True


def _keep_in_memory() -> None:
    # A beat must not wait for a page to come back from a swap device; only pages that are used
    # anyway are locked (ONFAULT).
    ctypes.CDLL(None).mlockall(_MCL_CURRENT | _MCL_FUTURE | _MCL_ONFAULT)

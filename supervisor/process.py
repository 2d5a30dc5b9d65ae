"""Processes of workers: executed, killed with all they started, collected without polling.

Invariant: a worker is executed, never forked with threads, by the main thread only (its
parent-death signal follows the thread that started it). Whatever is left in its process group
when it ends is killed before its number can belong to anybody else.
"""

import contextlib
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final, Protocol

from runtime.log import get_logger
from workers.orders import WorkerOrders
from workers.spec import WorkerSpec

log = get_logger(__name__)

_PASSED_ON: Final = (
    "HOME", "JOURNAL_STREAM", "LANG", "LC_ALL", "PATH", "PYTHONDONTWRITEBYTECODE",
    "PYTHONPYCACHEPREFIX", "TZ",
)  # fmt: skip
_ROOT_FOLDER: Final = Path(__file__).resolve().parent.parent
_RESET: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD, signal.SIGPIPE)


class Process(Protocol):
    """One process of a worker."""

    @property
    def pid(self) -> int:
        """Its number."""

    def fileno(self) -> int:
        """Return a descriptor that can be read as soon as it has ended."""

    def kill(self) -> None:
        """Send SIGKILL to it and its process group."""

    def collect(self) -> int | None:
        """Return how it ended, None while it lives; once it has ended it is gone for good."""


class Launcher(Protocol):
    """What starts workers."""

    def start(self, spec: WorkerSpec, orders: WorkerOrders) -> Process:
        """Execute a worker; raises `OSError` when that is impossible."""


CommandOf = Callable[[WorkerSpec], Sequence[str]]


def command_of(spec: WorkerSpec) -> Sequence[str]:
    """Return the command line of a worker; -P keeps the working directory out of its path."""
    return (sys.executable, "-P", "-m", spec.module)


class SpawnLauncher:
    """Starts workers as processes of this machine."""

    def __init__(self, command: CommandOf = command_of) -> None:
        self._command = command

    def start(self, spec: WorkerSpec, orders: WorkerOrders) -> Process:
        """Execute a worker with its orders on standard input."""
        command = list(self._command(spec))
        given = os.memfd_create(f"orders-{spec.name}", os.MFD_CLOEXEC)
        try:
            os.write(given, orders.to_json().encode())
            os.lseek(given, 0, os.SEEK_SET)
            pid = os.posix_spawn(
                command[0],
                command,
                environment(os.environ),
                file_actions=[(os.POSIX_SPAWN_DUP2, given, 0)],
                setpgroup=0,
                setsigmask=[],
                setsigdef=_RESET,
            )
        finally:
            os.close(given)
        _set_priority(pid, spec.nice)
        return ChildProcess(pid)


class ChildProcess:
    """A child of this process, known by a descriptor that never means another one."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._descriptor = os.pidfd_open(pid)
        self._is_collected = False

    def fileno(self) -> int:
        """Return the pidfd."""
        return self._descriptor

    def kill(self) -> None:
        """Send SIGKILL to the process and its group."""
        if self._is_collected:
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._descriptor, signal.SIGKILL)

    def collect(self) -> int | None:
        """Return exit code or minus the signal's number; None while it lives."""
        looking = os.WEXITED | os.WNOHANG
        if os.waitid(os.P_PIDFD, self._descriptor, looking | os.WNOWAIT) is None:
            return None
        # Dead but not collected: its number is still its own, so the group can be named safely.
        self.kill()
        ended = os.waitid(os.P_PIDFD, self._descriptor, looking)
        self._is_collected = True
        os.close(self._descriptor)
        if ended is None:
            return 0
        return ended.si_status if ended.si_code == os.CLD_EXITED else -ended.si_status


def environment(ours: Mapping[str, str]) -> dict[str, str]:
    """Return the little of our environment that a worker is given."""
    kept = {name: ours[name] for name in _PASSED_ON if name in ours}
    path = [str(_ROOT_FOLDER), *ours.get("PYTHONPATH", "").split(os.pathsep)]
    kept["PYTHONPATH"] = os.pathsep.join(dict.fromkeys(part for part in path if part))
    # One heap for all threads: a worker's second thread must not cost another one.
    kept["MALLOC_ARENA_MAX"] = "1"
    return kept


def leftover_children() -> list[ChildProcess]:
    """Return our children that a former image of this process has left behind."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and _parent(entry) == os.getpid():
            with contextlib.suppress(ProcessLookupError):
                found.append(ChildProcess(int(entry.name)))
    return found


def _parent(entry: Path) -> int:
    try:
        # The command's name stands in parentheses and may hold anything, also a parenthesis.
        return int((entry / "stat").read_text().rpartition(")")[2].split()[1])
    except (OSError, ValueError, IndexError):
        return 0


def _set_priority(pid: int, nice: int) -> None:
    if nice == 0:
        return
    try:
        os.setpriority(os.PRIO_PROCESS, pid, nice)
    except OSError as error:
        log.warning("priority_not_set", pid=pid, nice=nice, error=error.strerror)

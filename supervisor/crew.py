"""The processes of the tree, by worker: started, killed, collected.

Invariant: every process ever started is collected, also one that was abandoned because the
kernel did not let it go, and one that a former image of this root has left behind.
"""

from collections.abc import Iterable
from typing import Protocol

from runtime.log import get_logger
from supervisor.actions import Start
from supervisor.intensity import NOT_STARTED
from supervisor.process import Launcher, Process
from supervisor.roster import Roster
from supervisor.seen import Exit

log = get_logger(__name__)


class Watching(Protocol):
    """Who wakes up when a descriptor can be read."""

    def wake_on(self, descriptor: int) -> None:
        """Wake up for this descriptor too."""

    def wake_no_longer_on(self, descriptor: int) -> None:
        """Forget a descriptor."""


class Crew:
    """All processes that are ours."""

    def __init__(self, roster: Roster, launcher: Launcher, watching: Watching) -> None:
        self._roster = roster
        self._launcher = launcher
        self._watching = watching
        self._processes: dict[tuple[str, int], Process] = {}
        self._unborn: list[Exit] = []

    def start(self, start: Start) -> None:
        """Execute a worker; that it cannot be executed shows as its exit."""
        spec = self._roster.spec(start.worker)
        try:
            process = self._launcher.start(spec, self._roster.orders(start))
        except OSError as error:
            log.error("worker_not_started", name=start.worker, error=error.strerror)
            key = (start.worker, start.incarnation)
            self._unborn.append(Exit(worker=key[0], incarnation=key[1], code=NOT_STARTED))
            return
        self._processes[start.worker, start.incarnation] = process
        self._watching.wake_on(process.fileno())
        log.info(
            "worker_executed", name=start.worker, pid=process.pid, incarnation=start.incarnation
        )

    def kill(self, worker: str, incarnation: int) -> None:
        """SIGKILL, if it is still there."""
        if process := self._processes.get((worker, incarnation)):
            process.kill()

    def adopt(self, leftovers: Iterable[Process]) -> None:
        """Kill what a former image has left behind, and collect it when it ends."""
        for process in leftovers:
            log.warning("leftover_killed", pid=process.pid)
            self._processes[f"leftover {process.pid}", 0] = process
            self._watching.wake_on(process.fileno())
            process.kill()

    def collect(self) -> tuple[Exit, ...]:
        """Return who has ended since the last call; never waits."""
        exits, self._unborn = self._unborn, []
        for (worker, incarnation), process in list(self._processes.items()):
            descriptor = process.fileno()
            code = process.collect()
            if code is None:
                continue
            self._watching.wake_no_longer_on(descriptor)
            del self._processes[worker, incarnation]
            log.info("worker_collected", name=worker, pid=process.pid, code=code)
            exits.append(Exit(worker=worker, incarnation=incarnation, code=code))
        return tuple(exits)

    def pid(self, worker: str, incarnation: int) -> int:
        """Return the process number of a worker, 0 without a process."""
        process = self._processes.get((worker, incarnation))
        return process.pid if process else 0

    @property
    def has_news(self) -> bool:
        """Whether `collect` has something to tell that wakes nobody."""
        return bool(self._unborn)

"""One job as the worker has it: its process, how far it is, its deadline.

Invariant: it always ends: by what its process says, by the process's death, or by the deadline,
at which the process is killed. Of a move that ended otherwise than by its own word nothing is
known.
"""

from dataclasses import replace
from typing import Final

from runtime.clock import Clock, later
from runtime.companion import Companion
from workers.vm import jobs
from workers.vm.child_lines import Garbled
from workers.vm.job_lines import read_answer
from workers.vm.jobs import Ending, Job, JobState

_SETTLING_SECONDS: Final = 100.0
"""What a move may take beyond its own time: broken off, followed, settled."""
_SECONDS: Final[dict[type, float]] = {
    jobs.Start: 120.0,
    # libvirt waits 30 s for a guest's process that is busy or frozen, then says so.
    jobs.Shutdown: 35.0,
    jobs.Destroy: 40.0,
    jobs.Resume: 35.0,
    jobs.AbortMove: 35.0,
    jobs.ChangeDevice: 75.0,
    jobs.FreeLocks: 60.0,
    jobs.RemoveVolumes: 3600.0,
}


def seconds_of(job: Job) -> float:
    """Return how long the process of a job may live."""
    if isinstance(job, jobs.Migrate | jobs.Settle):
        return job.seconds + _SETTLING_SECONDS
    return _SECONDS[type(job)]


class JobProcess:
    """A job under way or ended."""

    def __init__(self, job: Job, companion: Companion | None, clock: Clock) -> None:
        """`companion` is None when it could not be started."""
        self._companion = companion
        self._clock = clock
        self._deadline = later(clock.now(), seconds_of(job))
        self.state = JobState(job=job, begun_at=clock.now())
        if companion is None:
            self._end(self._unknown(), "its process could not be started")

    def look(self) -> None:
        """Take in what it says."""
        companion = self._companion
        if companion is None or self._is_ended():
            return
        is_over = companion.is_over
        try:
            for line in companion.lines():
                self._take(line)
        except Garbled as error:
            companion.kill()
            if not self._is_ended():
                self._end(self._unknown(), f"its process: {error}")
        if not self._is_ended():
            self._mind(companion, is_over=is_over)

    def _mind(self, companion: Companion, *, is_over: bool) -> None:
        if is_over:
            self._end(self._unknown(), f"its process ended with code {companion.code}")
        elif self._clock.now() >= self._deadline:
            companion.kill()
            seconds = seconds_of(self.state.job)
            self._end(self._unknown(), f"it did not end within {seconds:.0f} s")

    @property
    def is_collected(self) -> bool:
        """Whether nothing of its process is left."""
        return self._companion is None or self._companion.is_over

    def abandon(self) -> None:
        """Kill its process if that still runs."""
        if self._companion is not None:
            self._companion.kill()

    def _take(self, line: str) -> None:
        answer = read_answer(line)
        if answer.percent is not None:
            self.state = replace(self.state, percent=answer.percent)
        if answer.ending is not None:
            self._end(answer.ending, answer.reason)

    def _end(self, ending: Ending, reason: str) -> None:
        percent = 100 if ending in (Ending.DONE, Ending.LEFT) else self.state.percent
        self.state = replace(self.state, ending=ending, reason=reason, percent=percent)

    def _is_ended(self) -> bool:
        return self.state.ending is not None

    def _unknown(self) -> Ending:
        is_move = isinstance(self.state.job, jobs.Migrate | jobs.Settle)
        return Ending.UNCERTAIN if is_move else Ending.FAILED

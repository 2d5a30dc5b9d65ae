"""One VM's console: from its file to its log."""

from dataclasses import dataclass, field

from runtime.clock import LONG_AGO, Instant
from runtime.deadline import Deadline
from runtime.errors import Refused, Unavailable
from runtime.log import get_logger
from workers.console.tail import Reading, Tail
from workers.console.taking import Bounds
from workers.console.vm_logs import VmLog, VmLogs

log = get_logger(__name__)


@dataclass(slots=True, kw_only=True)
class VmConsole:
    """One console that is followed."""

    vm: str
    name: str
    path: str
    tail: Tail
    open_at: Instant = LONG_AGO
    """Not to be looked up in the store before this."""
    skipped: int = 0
    _log: VmLog | None = field(default=None, init=False)
    _doubtful: Reading | None = field(default=None, init=False)
    """What may have been stored: a call did not end."""
    _told: str = field(default="", init=False)

    @property
    def is_open(self) -> bool:
        """Whether we know how its log stands."""
        return self._log is not None

    def opened(self, found: VmLog, node: str) -> None:
        """Go on from what the store says."""
        place = found.places.get(node)
        if self._doubtful is not None and place == self._doubtful.place:
            self._stored(self._doubtful)
        self._doubtful = None
        self.tail.resume(place)
        self._log = found

    def store(
        self, logs: VmLogs, now: Instant, bounds: Bounds, deadline: Deadline, *, is_last: bool
    ) -> bool:
        """Store what was appended; returns whether that is all there was. Raises `Unavailable`."""
        if self._log is None:
            return False
        reading = self.tail.read(now, bounds, is_last=is_last)
        self._tell_trouble()
        if reading is None:
            return True
        if reading.lines and not self._append(logs, self._log, reading, deadline):
            return False
        self._stored(reading)
        return reading.is_all

    def look(self, now: Instant) -> bool:
        """Whether there is something to store."""
        has_news = self.tail.look(now)
        self._tell_trouble()
        return has_news

    def _append(self, logs: VmLogs, known: VmLog, reading: Reading, deadline: Deadline) -> bool:
        self._log = None  # unless it is known how this ends
        try:
            self._log = logs.append(
                known,
                reading.lines,
                skipped=reading.skipped,
                place=reading.place,
                deadline=deadline,
            )
        except Unavailable:
            self._doubtful = reading
            raise
        except Refused as error:
            log.info("console_read_again", vm=self.name, reason=error.message)
            return False
        return True

    def _stored(self, reading: Reading) -> None:
        self.tail.confirm(reading)
        self.skipped += reading.skipped

    def _tell_trouble(self) -> None:
        if self.tail.trouble != self._told:
            self._told = self.tail.trouble
            if self._told:
                log.warning("console_not_read", vm=self.name, reason=self._told)
            else:
                log.info("console_readable_again", vm=self.name)

"""From lines on the bus to the node's log."""

from bus.messages import Envelope, Line
from runtime.clock import Clock
from runtime.errors import Unavailable
from runtime.log import get_logger
from workers.console.backlog import Backlog
from workers.console.node_log import NodeLog
from workers.console.seen import Seen
from workers.console.spec import WRITE_BYTES

log = get_logger(__name__)


class NodeLines:
    """Hears lines and stores them."""

    def __init__(self, *, backlog: Backlog, node_log: NodeLog, clock: Clock) -> None:
        self._backlog = backlog
        self._node_log = node_log
        self._clock = clock

    def hear(self, envelope: Envelope) -> bool:
        """Keep a line; True when it is the first that waits."""
        if not isinstance(envelope.message, Line):
            return False
        was_empty = not self._backlog
        self._backlog.add(envelope.sender, envelope.sequence, envelope.message)
        return was_empty

    def observe(self) -> Seen:
        """Return how the log stands; raises `Unavailable` while that cannot be known."""
        if self._node_log.open():
            self._backlog.confirm()
        return Seen(
            waiting=len(self._backlog),
            dropped=self._backlog.dropped,
            next_number=self._node_log.next_number,
        )

    def store(self) -> None:
        """Add what waits to the log; raises `Unavailable`."""
        at = self._clock.wall().isoformat(timespec="milliseconds")
        lines = self._backlog.begin(WRITE_BYTES, at)
        self._node_log.append(lines)
        self._backlog.confirm()

    def finish(self) -> None:
        """Store what waits for its turn; one attempt, since whoever told us to end waits too."""
        try:
            if self.observe().waiting:
                self.store()
        except Unavailable as error:
            log.warning("log_lines_left", lines=len(self._backlog), reason=error.message)

"""From lines on the bus to the node's log: console's observing and acting."""

from typing import assert_never

from bus.ends import Outgoing
from bus.messages import Envelope, Facts, Line, StopReason
from bus.topics import Topic
from runtime.clock import Clock
from runtime.errors import Unavailable
from runtime.log import get_logger
from workers.console.actions import Action, Store, TellFacts
from workers.console.backlog import Backlog
from workers.console.node_log import NodeLog
from workers.console.seen import Seen
from workers.console.spec import SPEC, WRITE_BYTES

log = get_logger(__name__)


class NodeLines:
    """Hears lines and stores them."""

    def __init__(
        self, *, backlog: Backlog, node_log: NodeLog, outgoing: Outgoing, clock: Clock
    ) -> None:
        self._backlog = backlog
        self._node_log = node_log
        self._outgoing = outgoing
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

    def act(self, action: Action) -> None:
        """Do one action."""
        match action:
            case Store():
                self._store()
            case TellFacts(next_number, dropped):
                values = {"log_lines": next_number, "log_lines_dropped": dropped}
                self._outgoing.send(Topic.FACTS, SPEC.name, Facts(worker=SPEC.name, values=values))
            case _:
                assert_never(action)

    def finish(self, _: StopReason) -> None:
        """Store what waits for its turn; one attempt, since whoever told us to end waits too."""
        try:
            if self.observe().waiting:
                self._store()
        except Unavailable as error:
            log.warning("log_lines_left", lines=len(self._backlog), reason=error.message)

    def _store(self) -> None:
        at = self._clock.wall().isoformat(timespec="milliseconds")
        lines = self._backlog.begin(WRITE_BYTES, at)
        self._node_log.append(lines)
        self._backlog.confirm()

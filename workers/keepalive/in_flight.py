"""What was sent to the store and is not answered yet.

Invariant: nothing here waits, and nothing sent in an earlier session, or before a break in this
one, is waited for: the store has forgotten it or will answer nobody.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from cluster.store.store import Change, Pending, Session, Store
from runtime.errors import Conflict, NotFound, Refused, StoreUnavailable, Unavailable
from runtime.log import get_logger
from workers.keepalive.writing import Answer

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Sent:
    pending: Pending | None
    """None when it did not even leave."""
    session: Session


class InFlight:
    """Sends changes and collects the answers."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._sent: dict[str, _Sent] = {}
        self._reasons: dict[str, str] = {}
        """Why items failed last: a wrong credential would fill the log with each beat."""

    def send(self, item: str, changes: Sequence[Change]) -> None:
        """Send the changes of an item and return at once."""
        session = self._store.session()
        try:
            pending = self._store.begin(changes)
        except StoreUnavailable:
            pending = None
        self._sent[item] = _Sent(pending, session)

    def answers(self, session: Session) -> dict[str, Answer]:
        """Return what is known of everything sent; what is answered is told once."""
        told = {item: self._answer(item, sent, session) for item, sent in self._sent.items()}
        self._sent = {
            item: sent for item, sent in self._sent.items() if told[item] is Answer.NONE_YET
        }
        return told

    def _answer(self, item: str, sent: _Sent, session: Session) -> Answer:
        if sent.pending is None:
            return Answer.FAILED
        if not sent.pending.is_done():
            return Answer.NONE_YET if sent.session == session else Answer.FAILED
        try:
            sent.pending.check()
        except NotFound:
            return Answer.MISSING
        except Conflict:
            return Answer.EXISTS
        except (Refused, Unavailable) as error:
            self._note(item, error.message)
            return Answer.FAILED
        self._reasons.pop(item, None)
        return Answer.DONE

    def _note(self, item: str, reason: str) -> None:
        if self._reasons.get(item) != reason:
            self._reasons[item] = reason
            log.warning("write_failed", item=item, reason=reason)

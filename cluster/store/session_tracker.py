"""What is known of our session, by our own clock.

Invariant: the state is marked suspended at the moment the connection is lost, with the time of
that moment; kazoo itself says *lost* only after it has reconnected.
"""

import threading
from collections.abc import Callable

from cluster.store.store import Session, SessionState
from runtime.clock import Clock
from runtime.deadline import Deadline
from runtime.errors import StoreUnavailable

SessionSeen = Callable[[Session], None]


class SessionTracker:
    """Written by the adapter's IO thread, read by everybody."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._changed = threading.Condition()
        self._listeners: list[SessionSeen] = []
        self._reason = "there was no connection yet"
        self._is_closed = False
        self._connections = 0
        self._session = Session(state=SessionState.ENDED, since=clock.now(), number=0)

    @property
    def session(self) -> Session:
        """The session as of now; never blocks."""
        return self._session

    @property
    def is_connected(self) -> bool:
        """Whether the session is connected now."""
        return self._session.state is SessionState.CONNECTED

    @property
    def connections(self) -> int:
        """How many times we were connected: names the present connection."""
        return self._connections

    @property
    def is_closed(self) -> bool:
        """Whether we have ended the session ourselves, for good."""
        return self._is_closed

    def subscribe(self, listener: SessionSeen) -> None:
        """Call `listener` at each change."""
        self._listeners.append(listener)

    def connected(self, number: int) -> None:
        """Note that we are connected in session `number`."""
        with self._changed:
            self._connections += 1
        self._become(SessionState.CONNECTED, number, "")

    def suspended(self) -> None:
        """Note that the connection is lost; a session that has ended stays ended."""
        if self._session.state is SessionState.CONNECTED:
            self._become(SessionState.SUSPENDED, self._session.number, "the connection was lost")

    def ended(self, reason: str) -> None:
        """Note that there is no session any more."""
        if self._session.state is SessionState.ENDED:
            self._reason = reason
        else:
            self._become(SessionState.ENDED, self._session.number, reason)

    def close(self) -> None:
        """Note that nobody shall wait for a connection any more."""
        self._is_closed = True
        self.ended("this program has closed it")
        with self._changed:
            self._changed.notify_all()

    def wait_connected(self, deadline: Deadline) -> None:
        """Return as soon as we are connected; raises `StoreUnavailable` after the deadline."""
        if self.is_connected:
            return
        with self._changed:
            while not self.is_connected:
                if self._is_closed or deadline.is_over:
                    raise self.unavailable()
                self._changed.wait(deadline.left())

    def unavailable(self) -> StoreUnavailable:
        """Return the error that says why nothing can be asked."""
        return StoreUnavailable(
            f"no connection with Zookeeper: {self._reason or 'it was just lost'}",
            state=self._session.state.value,
        )

    def if_still(self, connection: int, act: Callable[[], None]) -> bool:
        """Call `act` if the connection is still number `connection`, else nothing.

        No change of state comes in between.
        """
        with self._changed:
            is_same = self._connections == connection and self.is_connected
            if is_same:
                act()
        return is_same

    def _become(self, state: SessionState, number: int, reason: str) -> None:
        with self._changed:
            self._session = Session(state=state, since=self._clock.now(), number=number)
            self._reason = reason
            self._changed.notify_all()
        for listener in tuple(self._listeners):
            listener(self._session)

"""How long a server has owed us an answer; pure.

Why it exists: kazoo notices a server that hangs (its process frozen, the network a black hole) only
by a ping it sends when the connection is idle. A caller that writes once a second keeps the
connection from ever being idle, so no ping goes out, nothing times out, and the session expires on
a node that is healthy.
"""

from runtime.clock import Instant


class Silence:
    """The time since the oldest request or byte after which nothing more was heard."""

    def __init__(self) -> None:
        self._limit_seconds = 0.0
        self._since: Instant | None = None

    def begin(self, limit_seconds: float) -> None:
        """Start afresh on a new connection; `limit_seconds` is how long an answer may take."""
        self._limit_seconds = limit_seconds
        self._since = None

    def asked(self, now: Instant) -> None:
        """Note that a request goes out."""
        if self._since is None:
            self._since = now

    def heard(self, now: Instant) -> None:
        """Note that bytes have arrived: whoever sends is not hung."""
        if self._since is not None:
            self._since = now

    def settled(self) -> None:
        """Note that nothing is owed any more."""
        self._since = None

    def left(self, now: Instant) -> float | None:
        """Return how long the server may still be silent, None when it owes nothing."""
        if self._since is None:
            return None
        return max(0.0, self._since + self._limit_seconds - now)

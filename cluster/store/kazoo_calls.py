"""Requests to Zookeeper, each with a deadline that kazoo cannot overrun.

Reads are asked again when the connection is lost under them; writes never are: whether they were
carried out is then not known, and only the caller can look.
"""

from collections import deque
from collections.abc import Iterable, Sequence
from typing import Any, Final

from cluster.store.kazoo_client import Client
from cluster.store.kazoo_errors import KAZOO_ERRORS, NOT_CONNECTED, translate
from cluster.store.session_tracker import SessionTracker
from runtime.deadline import Deadline

# Measured: four requests under way keep server and client busy; more only wait in a queue.
_IN_FLIGHT: Final = 4


class Calls:
    """How all parts of the adapter ask."""

    def __init__(self, client: Client, tracker: SessionTracker) -> None:
        self._client = client
        self._tracker = tracker

    def send(self, request: Any) -> Any:
        """Send one request and return its AsyncResult; raises `StoreUnavailable` at once."""
        if self._tracker.is_closed:
            raise self._tracker.unavailable()
        result = self._client.send(request)
        if result.ready() and isinstance(result.exception, NOT_CONNECTED):
            raise self._tracker.unavailable()
        return result

    def write(self, request: Any, deadline: Deadline) -> Any:
        """Send a request once, and return its answer or raise kazoo's error."""
        self.wait_connected(deadline)
        return self._client.send(request).get(timeout=deadline.left())

    def read(self, requests: Sequence[Any], deadline: Deadline, what: str) -> list[Any]:
        """Return the answers to requests that change nothing; raises our errors."""
        while True:
            self.wait_connected(deadline)
            try:
                return self._burst(requests, deadline)
            except NOT_CONNECTED as error:
                if deadline.is_over:
                    raise self._tracker.unavailable() from error
            except KAZOO_ERRORS as error:
                raise translate(error, what) from error

    def wait_connected(self, deadline: Deadline) -> None:
        """Return when connected; raises `StoreUnavailable` after the deadline."""
        if self._client.is_own_thread():
            raise RuntimeError("a store call in the store's own thread is never answered")
        self._tracker.wait_connected(deadline)

    def _burst(self, requests: Iterable[Any], deadline: Deadline) -> list[Any]:
        under_way: deque[Any] = deque()
        answers: list[Any] = []
        for request in requests:
            if len(under_way) == _IN_FLIGHT:
                answers.append(under_way.popleft().get(timeout=deadline.left()))
            under_way.append(self._client.send(request))
        answers.extend(result.get(timeout=deadline.left()) for result in under_way)
        return answers

"""An exclusive lock on an existing key.

Invariants: whoever believes to hold it has an ephemeral node in the tree and a connected session;
taking and releasing end in bounded time whatever Zookeeper does; a missing key stays missing.
"""

import contextlib
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from kazoo.exceptions import NoNodeError
from kazoo.protocol.serialization import Create, Delete, Exists
from kazoo.security import OPEN_ACL_UNSAFE

from cluster.store.kazoo_calls import Calls
from cluster.store.kazoo_errors import KAZOO_ERRORS, NOT_CONNECTED, translate
from cluster.store.lock_names import in_order, new_prefix
from cluster.store.lock_nodes import Leftover, Leftovers
from cluster.store.paths import child_of, name_of
from cluster.store.session_tracker import SessionTracker
from cluster.store.store import ANY_VERSION, SessionState
from runtime.deadline import Deadline
from runtime.errors import Conflict, StoreUnavailable, Unavailable
from runtime.log import get_logger

log = get_logger(__name__)

_EPHEMERAL_SEQUENTIAL: Final = 3


class KazooLock:
    """One process's hand on the lock of one key."""

    def __init__(
        self,
        path: str,
        calls: Calls,
        tracker: SessionTracker,
        leftovers: Leftovers,
        *,
        acl: Sequence[Any] | None,
        release_seconds: float,
        on_leftover: Callable[[], None],
    ) -> None:
        self._path = path
        self._calls = calls
        self._tracker = tracker
        self._leftovers = leftovers
        self._acl = acl or OPEN_ACL_UNSAFE
        self._release_seconds = release_seconds
        self._on_leftover = on_leftover
        self._held_session: int | None = None

    @contextlib.contextmanager
    def hold(self, deadline: Deadline) -> Iterator[None]:
        """Hold it for a `with` block; raises `Conflict`, `NotFound` or `StoreUnavailable`."""
        self._calls.wait_connected(deadline)
        attempt = Leftover(
            path=self._path, prefix=new_prefix(), session=self._tracker.session.number
        )
        try:
            node = self._create(attempt, deadline)
        except Unavailable:
            self._clean_up(attempt)
            raise
        try:
            self._wait_turn(node, attempt, deadline)
            self._held_session = attempt.session
            yield
        finally:
            self._held_session = None
            self._release(node, attempt)

    def is_held(self) -> bool:
        """Whether it is ours for certain now."""
        session = self._tracker.session
        return session.state is SessionState.CONNECTED and session.number == self._held_session

    def _create(self, attempt: Leftover, deadline: Deadline) -> str:
        """Create our node, or find the one that an interrupted attempt has created."""
        path = child_of(self._path, attempt.prefix)
        request = Create(path, b"", self._acl, _EPHEMERAL_SEQUENTIAL)
        while True:
            try:
                return name_of(self._calls.write(request, deadline))
            except NOT_CONNECTED as error:
                self._calls.wait_connected(deadline)
                self._check_session(attempt, error)
                if name := self._leftovers.find(self._path, attempt.prefix, deadline):
                    return name
            except KAZOO_ERRORS as error:
                raise translate(error, self._path, path=self._path) from error

    def _wait_turn(self, node: str, attempt: Leftover, deadline: Deadline) -> None:
        while True:
            nodes = in_order(self._leftovers.names(self._path, deadline))
            self._check_session(attempt, None)
            if node not in nodes:
                raise StoreUnavailable(f"our place in the lock on {self._path} was removed")
            place = nodes.index(node)
            if place == 0:
                return
            self._wait_gone(child_of(self._path, nodes[place - 1]), deadline)
            if deadline.is_over:
                raise Conflict(
                    f"the lock on {self._path} is held by another", path=self._path, ahead=place
                )

    def _wait_gone(self, node: str, deadline: Deadline) -> None:
        """Return when the node before ours may be gone, at the latest at the deadline."""
        gone = threading.Event()

        # kazoo tells an ended connection to its one-time watches too; then we look again.
        def notice(_: object) -> None:
            gone.set()

        try:
            if self._calls.write(Exists(node, notice), deadline) is None:
                return
        except NoNodeError:
            return
        except NOT_CONNECTED:
            return
        except KAZOO_ERRORS as error:
            raise translate(error, self._path, path=self._path) from error
        gone.wait(deadline.left())

    def _check_session(self, attempt: Leftover, cause: Exception | None) -> None:
        if self._tracker.session.number != attempt.session:
            raise StoreUnavailable(
                f"the session ended while waiting for the lock on {self._path}", path=self._path
            ) from cause

    def _release(self, node: str, attempt: Leftover) -> None:
        """Remove our node, in bounded time."""
        if not self._tracker.is_connected:
            self._clean_up(attempt)
            return
        request = Delete(child_of(self._path, node), ANY_VERSION)
        try:
            self._calls.write(request, Deadline.after(self._release_seconds))
        except NoNodeError:
            return
        except (Unavailable, *KAZOO_ERRORS) as error:
            log.warning("lock_release_failed", path=self._path, error=type(error).__name__)
            self._clean_up(attempt)

    def _clean_up(self, attempt: Leftover) -> None:
        """Leave it to the caretaker, at once or after the reconnect."""
        self._leftovers.add(attempt)
        self._on_leftover()

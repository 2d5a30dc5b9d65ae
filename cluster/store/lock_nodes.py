"""The nodes of locks as they stand in the tree, and those left behind.

When the connection is lost while one is being created, nobody knows whether it exists: it is found
again by its random prefix, else it would block everybody for as long as our session lives.
"""

import threading
from dataclasses import dataclass

from kazoo.protocol.serialization import Delete

from cluster.store.kazoo_calls import Calls
from cluster.store.kazoo_errors import KAZOO_ERRORS, translate
from cluster.store.kazoo_requests import read_children
from cluster.store.paths import child_of
from cluster.store.session_tracker import SessionTracker
from cluster.store.store import ANY_VERSION
from runtime.deadline import Deadline
from runtime.errors import NotFound


@dataclass(frozen=True, slots=True, kw_only=True)
class Leftover:
    """A lock node that may exist and that nobody wants."""

    path: str
    """Of the locked key."""
    prefix: str
    session: int
    """Whose it is: it goes by itself when this one has ended."""


class Leftovers:
    """Lock nodes to remove as soon as there is a connection."""

    def __init__(self, calls: Calls, tracker: SessionTracker) -> None:
        self._calls = calls
        self._tracker = tracker
        self._lock = threading.Lock()
        self._left: set[Leftover] = set()

    def add(self, leftover: Leftover) -> None:
        """Remember one."""
        with self._lock:
            self._left.add(leftover)

    def remove_all(self, deadline: Deadline) -> None:
        """Remove all of the present session, forget those of others; raises `Unavailable`."""
        with self._lock:
            left = tuple(self._left)
        for leftover in left:
            if leftover.session == self._tracker.session.number:
                self._remove(leftover, deadline)
            with self._lock:
                self._left.discard(leftover)

    def find(self, path: str, prefix: str, deadline: Deadline) -> str | None:
        """Return the name of the node with our prefix, None when it was not created."""
        for name in self.names(path, deadline):
            if name.startswith(prefix):
                return name
        return None

    def names(self, path: str, deadline: Deadline) -> tuple[str, ...]:
        """Return the names below a locked key; raises `NotFound` when it is gone."""
        ((names,),) = self._calls.read([read_children((path,))], deadline, path)
        if isinstance(names, Exception):
            raise translate(names, path, path=path) from names
        return tuple(names)

    def _remove(self, leftover: Leftover, deadline: Deadline) -> None:
        try:
            name = self.find(leftover.path, leftover.prefix, deadline)
            if name is not None:
                node = child_of(leftover.path, name)
                self._calls.write(Delete(node, ANY_VERSION), deadline)
        except NotFound:
            return
        except KAZOO_ERRORS as error:
            problem = translate(error, leftover.path)
            if not isinstance(problem, NotFound):
                raise problem from error

"""What we ask of a store; the rest of the program knows Zookeeper only as this.

Rules: every call has a deadline; a read of a missing key is None after one request; a failed
transaction raises; callbacks only enqueue. What may still be believed follows from the session:
while it is suspended no lock is held and nothing is started; once it has ended its ephemeral keys
are gone.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from runtime.clock import Instant
from runtime.deadline import Deadline


class SessionState(StrEnum):
    """What is known of our session with the store."""

    CONNECTED = "connected"
    SUSPENDED = "suspended"
    """No connection: the session may live or have ended; believe no lock, start nothing."""
    ENDED = "ended"
    """The server has ended it, or there was none yet; our ephemeral keys are gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """Our session, as of now."""

    state: SessionState
    since: Instant
    """Since when it is in this state, by our own clock."""
    number: int
    """0 before the first one; another number is another session. The ephemeral keys of this
    session carry it as their `Value.session`."""


@dataclass(frozen=True, slots=True)
class Value:
    """What a key holds."""

    data: bytes
    version: int
    """Counts the writes of this key; a change may demand it."""
    session: int = 0
    """The session that owns an ephemeral key; 0 for a persistent one."""
    child_count: int = field(default=0, compare=False)
    """How many keys are directly below this one; they are no part of what it holds."""


ANY_VERSION = -1


@dataclass(frozen=True, slots=True)
class Create:
    """Make a key; refused (`Conflict`) when it exists, `NotFound` when its parent does not."""

    path: str
    data: bytes
    ephemeral: bool = False


@dataclass(frozen=True, slots=True)
class Write:
    """Replace what a key holds; `NotFound` when missing, `Conflict` on another version."""

    path: str
    data: bytes
    version: int = ANY_VERSION


@dataclass(frozen=True, slots=True)
class Delete:
    """Remove a key without children."""

    path: str
    version: int = ANY_VERSION


@dataclass(frozen=True, slots=True)
class Check:
    """Let the transaction fail unless the key is at this version."""

    path: str
    version: int


Change = Create | Write | Delete | Check


class Pending(Protocol):
    """A transaction under way that nobody waits for."""

    def is_done(self) -> bool:
        """Whether its outcome is known."""

    def check(self) -> None:
        """Raise what the transaction raised; nothing when it succeeded or is not done."""


class Lock(Protocol):
    """An exclusive lock on an existing key."""

    def hold(self, deadline: Deadline) -> AbstractContextManager[None]:
        """Hold it for a `with` block.

        Raises `Conflict` when another holds it until the deadline, `NotFound` (creating nothing)
        when the key does not exist, `StoreUnavailable` without a session.
        """

    def is_held(self) -> bool:
        """Whether it is ours for certain now: False as soon as the session is suspended."""


WatchCallback = Callable[[str | None], None]
"""Receives the path that changed, or None when anything may have (after a reconnect). It runs in
the adapter's thread: it may only put something in a queue, and a blocking call from it raises."""


class Store(Protocol):
    """Zookeeper as we use it."""

    def session(self) -> Session:
        """Return what is known of our session; never blocks."""

    def read(self, path: str, deadline: Deadline) -> Value | None:
        """Return what a key holds, None when it does not exist."""

    def children(self, path: str, deadline: Deadline) -> tuple[str, ...] | None:
        """Return the sorted names below a key, None when the key does not exist."""

    def read_many(self, paths: Sequence[str], deadline: Deadline) -> Mapping[str, Value | None]:
        """Return what many keys hold, in one burst."""

    def children_many(
        self, paths: Sequence[str], deadline: Deadline
    ) -> Mapping[str, tuple[str, ...] | None]:
        """Return the names below many keys, in one burst."""

    def apply(self, changes: Sequence[Change], deadline: Deadline) -> None:
        """Make all changes or none.

        Raises `Conflict` or `NotFound` naming the change that was refused, `StoreUnavailable` or
        `DeadlineExceeded` when it is not known whether the changes were made.
        """

    def begin(self, changes: Sequence[Change]) -> Pending:
        """Start `apply` and return at once; raises `StoreUnavailable` when not connected (nothing
        is ever queued for later)."""

    def lock(self, path: str) -> Lock:
        """Return the lock on an existing key."""

    def watch(self, path: str, callback: WatchCallback, *, recursive: bool = False) -> None:
        """Call back at each change of a key, of the list of its children (and of all below it),
        for as long as we live.

        Set by itself as soon as there is a connection and again after each reconnect; each time
        it has been set it calls back with None: what changed before was not seen.
        """

    def on_session(self, callback: Callable[[Session], None]) -> None:
        """Call back when the session changes; same rule as for watches."""

    def close(self) -> None:
        """End the session at once, so that our ephemeral keys go with it."""

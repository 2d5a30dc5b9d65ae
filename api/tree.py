"""Whether the mirror of the tree can be answered from.

Invariant: nothing is served before the whole tree was read once, nor by the rules of another schema
version than the tree's; a tree that is no longer followed is served with its age.
"""

from typing import Final, Protocol

from api.schema_gate import Gate, Verdict, judge
from cluster.records.view import TreeView
from cluster.schema import codec
from cluster.schema.tree import VERSION_PATH
from runtime.clock import Clock, Instant
from runtime.deadline import Deadline
from runtime.errors import Unavailable

_UNDER_WAY_SECONDS: Final = 1.0
"""An update takes milliseconds; a tree that is behind for longer is not followed."""
_LOOK_SECONDS: Final = 0.05


class Followed(TreeView, Protocol):
    """A view that keeps up with the tree by itself: `cluster.store.mirror`."""

    @property
    def loaded(self) -> bool:
        """Whether the whole tree was read at least once."""

    @property
    def applied(self) -> int:
        """Counts the updates."""

    @property
    def trouble(self) -> str:
        """Why the tree could not be read last; empty when it could."""

    def age_seconds(self, now: Instant) -> float:
        """Return since when changes may have been missed; 0 while everything known is in."""

    def wait_applied(self, more_than: int, deadline: Deadline) -> int:
        """Return `applied` as soon as it exceeds `more_than`, or what it is at the deadline."""


class TreeNotServed(Unavailable):
    """The tree cannot be answered from now."""

    code = "tree_not_served"


class MirroredTree:
    """The mirror, and whether its schema version is ours."""

    def __init__(self, mirror: Followed, ours: int, clock: Clock) -> None:
        self._mirror = mirror
        self._ours = ours
        self._clock = clock
        self._first_seen: int | None = None

    def check_served(self) -> None:
        """Raise `TreeNotServed` before the first load and while the tree has another layout."""
        if not self._mirror.loaded:
            why = self._mirror.trouble or "no store was reached"
            raise TreeNotServed(f"The cluster's data has not been read yet: {why}.")
        gate = self.gate()
        if gate.verdict is not Verdict.SERVE:
            raise TreeNotServed(gate.message)

    def age_seconds(self) -> float | None:
        """Return for how long the tree has not been followed; None before the first load."""
        return self._mirror.age_seconds(self._clock.now()) if self._mirror.loaded else None

    def is_current(self) -> bool:
        """Whether the tree is followed at this moment."""
        age = self.age_seconds()
        return age is not None and age < _UNDER_WAY_SECONDS

    def catch_up(self) -> None:
        """Wait until the mirror shows what our own orders have just changed.

        Zookeeper tells a session of the change it has made before it answers that change, so what
        was ordered is already known to be missing.
        """
        deadline = Deadline.after(_UNDER_WAY_SECONDS, self._clock)
        while self.age_seconds() and not deadline.is_over:
            self._mirror.wait_applied(self._mirror.applied, deadline.at_most(_LOOK_SECONDS))

    def gate(self) -> Gate:
        """Return what follows from the tree's schema version."""
        now = codec.read_integer(self._mirror.get(VERSION_PATH))
        if self._first_seen is None:
            self._first_seen = now
        return judge(self._ours, self._first_seen, now)

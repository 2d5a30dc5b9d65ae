"""The times this system promises things by, and the inequalities between them.

Invariant: a configuration that breaks an inequality is refused, with both sides in the message.
Literal seconds live here and in worker specs, nowhere else.
"""

from dataclasses import dataclass
from typing import Final

SESSION_TIMEOUT_SECONDS: Final = 4.0
CONNECT_TIMEOUT_SECONDS: Final = 0.3
STORE_CALL_SECONDS: Final = 2.0
SELF_FENCE_MARGIN_SECONDS: Final = 3.0
"""How much later than its worst case a self-fence is believed in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """All seconds; defaults are the design's (sections 5 and 7)."""

    keepalive_interval_seconds: float = 1.0
    fence_intervals: int = 5
    """A peer that was not seen for this many intervals is suspected dead."""
    suicide_intervals: int = 10
    """A node without a session for this many intervals ends its own VMs; 0: it never does."""
    session_timeout_seconds: float = SESSION_TIMEOUT_SECONDS
    """What we ask of Zookeeper; it grants between 2 and 20 of its ticks."""
    connect_timeout_seconds: float = CONNECT_TIMEOUT_SECONDS
    """For one TCP connect; kazoo's own is the whole session timeout."""
    store_call_seconds: float = STORE_CALL_SECONDS
    """The deadline of an ordinary store call."""
    self_fence_seconds: float = 2.0
    """How long a node may take from the decision to end its VMs until none of them runs."""

    @classmethod
    def derived(
        cls,
        *,
        keepalive_interval_seconds: float,
        fence_intervals: int,
        suicide_intervals: int,
        session_timeout_seconds: float | None = None,
    ) -> "Timing":
        """Return the timing for what an operator sets; the rest follows from it."""
        interval = keepalive_interval_seconds
        longest = interval * (fence_intervals - 1)
        session = session_timeout_seconds
        if session is None:
            session = min(SESSION_TIMEOUT_SECONDS, max(longest, interval))
        return cls(
            keepalive_interval_seconds=interval,
            fence_intervals=fence_intervals,
            suicide_intervals=suicide_intervals,
            session_timeout_seconds=session,
            connect_timeout_seconds=min(CONNECT_TIMEOUT_SECONDS, session / 4),
            store_call_seconds=min(STORE_CALL_SECONDS, session / 2),
        )

    @property
    def dead_after_seconds(self) -> float:
        """How long a peer may be silent before it is suspected."""
        return self.keepalive_interval_seconds * self.fence_intervals

    @property
    def self_fence_after_seconds(self) -> float:
        """How long this node may lack a session before it ends its own VMs."""
        return self.keepalive_interval_seconds * self.suicide_intervals

    @property
    def self_fenced_by_seconds(self) -> float:
        """When, at the latest, a node cut off from Zookeeper runs nothing any more.

        Counted by a peer from the last movement it saw: up to one interval until the beat that
        fails, a session timeout until the node knows, then its patience, then the killing.
        """
        return (
            self.keepalive_interval_seconds
            + self.session_timeout_seconds
            + self.self_fence_after_seconds
            + self.self_fence_seconds
        )

    @property
    def self_fence_assumed_after_seconds(self) -> float:
        """How long after the last movement a peer may take a node for self-fenced."""
        return (
            self.dead_after_seconds
            + self.self_fence_after_seconds
            + self.self_fence_seconds
            + SELF_FENCE_MARGIN_SECONDS
        )

    def faults(self) -> tuple[str, ...]:
        """Return each broken inequality in words, both sides with their figures."""
        return tuple(
            f"{left} must be {relation} {right}: {why}"
            for holds, left, relation, right, why in self._rules()
            if not holds
        )

    def _rules(self) -> "tuple[_Rule, ...]":
        interval, dead_after = self.keepalive_interval_seconds, self.dead_after_seconds
        dead = f"dead_after ({dead_after:g} s = keepalive_interval * fence_intervals)"
        beats = (
            3 * interval <= dead_after,
            f"3 * keepalive_interval ({3 * interval:g} s)",
            "at most",
            dead,
            "two lost beats are no death",
        )
        fencing = self._self_fence_rules(dead) if self.suicide_intervals else ()
        return (beats, *self._session_rules(), *fencing)

    def _session_rules(self) -> "tuple[_Rule, ...]":
        session, connect = self.session_timeout_seconds, self.connect_timeout_seconds
        # As a product, like in `derived`: the difference of two floats may be a hair smaller.
        longest = self.keepalive_interval_seconds * (self.fence_intervals - 1)
        asked = f"session_timeout ({session:g} s)"
        return (
            (
                session <= longest,
                asked,
                "at most",
                f"dead_after - keepalive_interval ({longest:g} s)",
                "a dead node's presence must be gone when its peers decide",
            ),
            (
                connect < session / 3,
                f"connect_timeout ({connect:g} s)",
                "less than",
                f"session_timeout / 3 ({session / 3:.3g} s)",
                "three members must be tried within one session",
            ),
            (
                self.store_call_seconds <= session,
                f"store_call ({self.store_call_seconds:g} s)",
                "at most",
                asked,
                "a call that outlives its session cannot be believed",
            ),
        )

    def _self_fence_rules(self, dead: str) -> "tuple[_Rule, ...]":
        patience = self.self_fence_after_seconds
        by, assumed = self.self_fenced_by_seconds, self.self_fence_assumed_after_seconds
        return (
            (
                patience >= self.dead_after_seconds,
                f"self_fence_after ({patience:g} s = keepalive_interval * suicide_intervals)",
                "at least",
                dead,
                "a node must not end its VMs before its peers even suspect it",
            ),
            (
                by < assumed,
                f"the end of a self-fence ({by:g} s after the last beat)",
                "less than",
                f"self_fence_assumed_after ({assumed:g} s)",
                "a peer may start the VMs only when they have surely ended here",
            ),
        )


_Rule = tuple[bool, str, str, str, str]

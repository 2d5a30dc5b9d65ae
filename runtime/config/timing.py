"""The times this system promises things by, and the inequalities between them.

Invariant: a configuration that breaks an inequality is refused, with both sides in the message.
Literal seconds live here and in worker specs, nowhere else.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """All seconds; defaults are the design's (sections 5 and 7)."""

    keepalive_interval_seconds: float = 1.0
    fence_intervals: int = 5
    """A peer that was not seen for this many intervals is suspected dead."""
    suicide_intervals: int = 10
    """A node without a session for this many intervals ends its own VMs."""
    session_timeout_seconds: float = 4.0
    """What we ask of Zookeeper; it grants between 2 and 20 of its ticks."""
    connect_timeout_seconds: float = 0.3
    """For one TCP connect; kazoo's own is the whole session timeout."""
    store_call_seconds: float = 2.0
    """The deadline of an ordinary store call."""
    vm_shutdown_timeout_seconds: float = 180.0

    @property
    def dead_after_seconds(self) -> float:
        """How long a peer may be silent before it is suspected."""
        return self.keepalive_interval_seconds * self.fence_intervals

    @property
    def self_fence_after_seconds(self) -> float:
        """How long this node may lack a session before it ends its own VMs."""
        return self.keepalive_interval_seconds * self.suicide_intervals

"""Whether the tree may be brought to this program's schema version; pure.

Invariant: the tree is advanced only when every node that is not down says that it speaks the new
version. Down is a node that says so, that its peers have judged, or that was silent for
`SILENT_AFTER_SECONDS` by the observer's own clock; a clock of another host is never read.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from cluster.model.node import DaemonState
from runtime.clock import Instant

SILENT_AFTER_SECONDS: Final = 30.0
"""So long the earlier implementation waits too before it calls a node dead."""

_DOWN: Final = frozenset({DaemonState.STOP, DaemonState.DEAD, DaemonState.FENCED})


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeSchemaSeen:
    """What this observer knows of one node's software."""

    daemon_state: DaemonState | None
    """As displayed: what the node says, or its peers' judgement; None when unreadable."""
    latest_schema: int | None
    """None when the node never said, or said something unreadable."""
    is_present: bool
    """Its ephemeral key exists."""
    last_moved: Instant
    """When this observer last saw the node's beat (or the earlier layouts' keepalive) change, by
    its own clock; the moment it began to look when it has seen none."""


@dataclass(frozen=True, slots=True)
class Advance:
    """Every node that is not down speaks the new version."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Somebody does not speak it yet."""

    reasons: tuple[str, ...]
    """One sentence for each node that is waited for."""


def may_advance(seen: Mapping[str, NodeSchemaSeen], now: Instant, newest: int) -> Advance | Wait:
    """Return whether the tree may be brought to schema `newest`, or who is waited for."""
    reasons = tuple(
        reason for name in sorted(seen) if (reason := _hindrance(name, seen[name], now, newest))
    )
    return Wait(reasons) if reasons else Advance()


def is_down(node: NodeSchemaSeen, now: Instant) -> bool:
    """Return whether nobody needs to wait for this node's software."""
    if node.is_present:
        return False
    return node.daemon_state in _DOWN or now - node.last_moved >= SILENT_AFTER_SECONDS


def _hindrance(name: str, node: NodeSchemaSeen, now: Instant, newest: int) -> str:
    if is_down(node, now) or (node.latest_schema is not None and node.latest_schema >= newest):
        return ""
    if node.latest_schema is None:
        return f"node {name} has not said which schema it speaks"
    return f"node {name} speaks schema {node.latest_schema} at most"

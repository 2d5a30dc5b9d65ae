"""What console sees in one round."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsolesSeen:
    """How the VMs' consoles stand."""

    followed: int = 0
    """How many."""
    ready: frozenset[str] = frozenset()
    """VMs, by UUID, of whose console something is not stored yet."""
    stored_bytes: int = 0
    """Written to the store since the start."""
    skipped: int = 0
    """Lines left out since the start, since more came than are kept."""
    troubles: Mapping[str, str] = field(default_factory=dict)
    """By the VM's name why its console cannot be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """How the node's log and the consoles stand."""

    waiting: int = 0
    """Lines that are not stored yet."""
    dropped: int = 0
    """Lines lost since the start."""
    next_number: int = 0
    consoles: ConsolesSeen = ConsolesSeen()

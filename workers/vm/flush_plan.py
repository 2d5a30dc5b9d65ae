"""What a flush and its opposite have in common: orders tried, VMs waited for, VMs that are stuck;
pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from runtime.clock import Instant, later
from workers.vm.actions import OrderAutostart, OrderMigrate, OrderUnmigrate

UNSEEN_SECONDS: Final = 1.0
"""An order that does not show in the tree after this was refused: it is given again."""
AHEAD: Final = 2
"""So many times the moves that run at once are ordered at once: when one ends the next begins,
and few are to be taken back by the opposite order."""

Order = OrderMigrate | OrderUnmigrate | OrderAutostart


@dataclass(frozen=True, slots=True, kw_only=True)
class Try:
    """An order that was given for a VM."""

    serial: int
    """The serial that its order had before."""
    at: Instant
    to: str
    failed: frozenset[str] = frozenset()
    """Nodes that it could not be brought to before."""

    def is_unseen(self, serial: int, now: Instant) -> bool:
        """Whether the order may have been given and not be shown yet."""
        return serial == self.serial and now < later(self.at, UNSEEN_SECONDS)


Tries = Mapping[str, Try]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to do about all VMs that are to leave, or to come home."""

    orders: tuple[Order, ...] = ()
    tries: Tries = field(default_factory=dict)
    moving: frozenset[str] = frozenset()
    """Ordered and under way, or ending by themselves: waited for."""
    waiting: frozenset[str] = frozenset()
    """Whose turn comes later."""
    stuck: Mapping[str, str] = field(default_factory=dict)
    """Why they do not go, by UUID."""

    @property
    def left(self) -> frozenset[str]:
        """All that are not where they shall be."""
        return self.moving | self.waiting | frozenset(self.stuck)

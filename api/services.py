"""What handlers work with; built once by `api/main.py`, and by tests with fakes."""

from dataclasses import dataclass
from typing import Any, Protocol

from api.authentication import Authentication
from api.cluster_reader import ClusterReader
from api.console_reader import ConsoleReader
from api.waiting_room import WaitingRoom
from cluster.schema.layout import Layout
from cluster.store.store import Store
from runtime.clock import Clock
from runtime.deadline import Deadline


class ServedTree(Protocol):
    """Whether the tree can be answered from, and how old what we know of it is."""

    def check_served(self) -> None:
        """Raise `Unavailable` before the first load and while the tree has another layout."""

    def age_seconds(self) -> float | None:
        """Return for how long the tree has not been followed; None before the first load."""

    def catch_up(self) -> None:
        """Wait, not for long, until answers show what our own orders have changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Everything a handler may use."""

    authentication: Authentication
    tree: ServedTree
    cluster: ClusterReader
    """For reading: the mirror."""
    consoles: ConsoleReader
    """For reading what the mirror leaves out."""
    store: Store
    """For orders only: nothing else that is read for an answer comes from here."""
    layout: Layout
    clock: Clock
    waiting_room: WaitingRoom[Any]
    call_seconds: float
    """How long an order may take altogether."""

    def deadline(self) -> Deadline:
        """Return the deadline of an order that begins now."""
        return Deadline.after(self.call_seconds, self.clock)

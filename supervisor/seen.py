"""What the root sees in one turn, and what it carries to the next."""

from dataclasses import dataclass
from enum import StrEnum

from bus.messages import Beat
from runtime.clock import Instant
from supervisor.child import BEGINNING, Child
from supervisor.schema_plan import SchemaView


class Order(StrEnum):
    """What the root itself is told, by a signal or by a checked change of the configuration."""

    LEAVE = "leave"
    RELOAD = "reload"


class Course(StrEnum):
    """Where the whole tree is going."""

    RUN = "run"
    RELOAD = "reload"
    """All end, then the root becomes a fresh image."""
    LEAVE = "leave"
    """All end, keepalive last, and the node says so."""
    ESCALATE = "escalate"
    """Keepalive is given up: all others end, systemd starts afresh."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exit:
    """The collected end of a process."""

    worker: str
    incarnation: int
    code: int
    """Exit code; minus the signal's number when a signal ended it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """Everything that came in since the last turn."""

    schema: SchemaView
    beats: tuple[Beat, ...] = ()
    exits: tuple[Exit, ...] = ()
    orders: tuple[Order, ...] = ()
    config: str = ""
    """Which configuration file is there now: changes with the file."""
    chance: float = 0.5
    """Random, 0 to 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """The root's own memory; lost with it, and then the tree starts afresh."""

    children: tuple[Child, ...]
    """In catalogue order."""
    look_again: Instant
    """When the next turn was to be at the latest."""
    course: Course = Course.RUN
    course_since: Instant = BEGINNING
    is_hasty: bool = False
    """Asked to leave twice: the others are killed, keepalive still says its last word."""
    tree: int | None = None
    """The tree's schema version as this image of the root saw it first."""
    workers: int = 0
    """The schema version of the workers that were started."""
    exit_code: int = 0

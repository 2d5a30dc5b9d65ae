"""Work on one VM that may take long or block: each job runs in a process of its own.

Invariants: at most one job per VM (aborting a move is the exception); a job may be abandoned or
die at any line, and what it has or has not done is found by looking again, never assumed. A job
never touches the store.
"""

from dataclasses import dataclass
from enum import StrEnum

from runtime.clock import Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """Look at the locks of its volumes, then start it. Done at once when it runs here already."""

    uuid: str
    xml: str
    volumes: tuple[str, ...]
    """`pool/volume`."""
    is_fenced: bool = False
    """The node that had it was fenced: a lock whose owner is on Ceph's blocklist is removed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shutdown:
    """Ask the guest to end by its power button; done when it was asked."""

    uuid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Destroy:
    """End it at once; done when no process of it is left."""

    uuid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Resume:
    """Let a paused VM go on."""

    uuid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Migrate:
    """Bring it to another node live, then settle."""

    uuid: str
    to_uri: str
    """The other node's libvirt."""
    max_downtime_ms: int
    seconds: float
    """How long it may take in all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settle:
    """Find out where it is after a move that nobody watched to its end: follow it while it still
    runs, then make certain that exactly one copy goes on."""

    uuid: str
    to_uri: str
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class AbortMove:
    """Break off its live migration; may run beside `Migrate` and `Settle`."""

    uuid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeDevice:
    """Plug a device of the running VM in or out. Done at once when it is so already."""

    uuid: str
    xml: str
    """The device's element."""
    is_attach: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FreeLocks:
    """Remove every lock of its volumes; only for a VM that runs nowhere."""

    uuid: str
    volumes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveVolumes:
    """Remove its volumes for good; one that is gone already is no error."""

    uuid: str
    volumes: tuple[str, ...]


Job = (
    Start
    | Shutdown
    | Destroy
    | Resume
    | Migrate
    | Settle
    | AbortMove
    | ChangeDevice
    | FreeLocks
    | RemoveVolumes
)


class Ending(StrEnum):
    """How a job ended."""

    DONE = "done"
    REFUSED = "refused"
    """It cannot be done as things are; the same again would be refused again."""
    FAILED = "failed"
    """Something did not answer, or the process of the job died; again may help."""
    LEFT = "left"
    """Of a move: it runs on the other node, certainly not here."""
    STAYED = "stayed"
    """Of a move: it goes on here, certainly not there."""
    LOST = "lost"
    """Of a move: it is on neither node."""
    UNCERTAIN = "uncertain"
    """Of a move: a node that may have it could not be asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobState:
    """A job under way, or ended and not yet taken notice of."""

    job: Job
    begun_at: Instant
    percent: int = 0
    ending: Ending | None = None
    """None while it runs."""
    reason: str = ""
    """Why it did not do what was asked, for people."""

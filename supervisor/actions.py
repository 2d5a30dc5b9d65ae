"""Everything the root can do to its workers and to itself."""

from dataclasses import dataclass

from bus.messages import StopReason


@dataclass(frozen=True, slots=True)
class Start:
    """Execute a worker."""

    worker: str
    incarnation: int
    schema_version: int


@dataclass(frozen=True, slots=True)
class Ask:
    """Tell a worker to end."""

    worker: str
    reason: StopReason


@dataclass(frozen=True, slots=True)
class Kill:
    """SIGKILL to a worker and everything in its process group."""

    worker: str
    incarnation: int


@dataclass(frozen=True, slots=True)
class Abandon:
    """Stop waiting for a killed process; its exit is collected whenever it comes."""

    worker: str
    incarnation: int


@dataclass(frozen=True, slots=True)
class CheckConfig:
    """Read the configuration again; the answer is an order to reload, or nothing."""


@dataclass(frozen=True, slots=True)
class Finish:
    """End the root, all workers being gone."""

    code: int


@dataclass(frozen=True, slots=True)
class Reexecute:
    """Become a fresh image in the same process."""


Action = Start | Ask | Kill | Abandon | CheckConfig | Finish | Reexecute

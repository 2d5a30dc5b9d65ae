"""All there is to know of one VM."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cluster.model.definition import Definition
from cluster.model.vm import Arrival, Seen, Tag, Transfer, VmMeta, VmState, Wanted


@dataclass(frozen=True, slots=True, kw_only=True)
class VmSnapshot:
    """A VM as it was at one time."""

    name: str
    timestamp: int
    """Seconds of the epoch."""
    rbd_snapshots: tuple[str, ...] = ()
    """`pool/volume@snapshot`."""
    xml: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class VmRecord:
    """A VM with everything below its key but its console."""

    uuid: str
    name: str
    wanted: Wanted
    seen: Seen
    state: VmState
    """The one state people see."""
    node: str
    """Where people see it: where it may run, else where it would."""
    home: str = ""
    """Where it belongs while it is elsewhere for now."""
    transfer: Transfer | None = None
    arrival: Arrival | None = None
    meta: VmMeta = field(default_factory=VmMeta)
    tags: tuple[Tag, ...] = ()
    profile: str = ""
    xml: str = ""
    definition: Definition | None = None
    """None when it cannot be understood."""
    stats: Mapping[str, Any] = field(default_factory=dict)
    """What was measured last; empty when it does not run."""
    snapshots: tuple[VmSnapshot, ...] = ()
    """The newest first."""

"""What console asks of the place where the logs of the VMs' consoles are kept."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from cluster.model.log import FilePlace
from cluster.records.log_record import Tail
from runtime.deadline import Deadline


@dataclass(frozen=True, slots=True, kw_only=True)
class VmLog:
    """One VM's log as it was read or written last."""

    vm: str
    tail: Tail
    places: Mapping[str, FilePlace]
    """By node, up to where its file is stored."""
    version: int | None
    """Of the places; None: there are none yet."""
    has_parent: bool
    """Whether the key above the lines is there."""


class VmLogs(Protocol):
    """The logs of the consoles; every line has its number for good."""

    def open(self, vms: Sequence[str], deadline: Deadline) -> Mapping[str, VmLog | None]:
        """Return how these logs stand, None for a VM that is not in the tree; raises
        `Unavailable`."""

    def append(
        self,
        log: VmLog,
        lines: Sequence[str],
        *,
        skipped: int,
        place: FilePlace,
        deadline: Deadline,
    ) -> VmLog:
        """Add lines from this node's file, and drop the oldest.

        Raises `Refused` when somebody else has changed the log: nothing was written, open it
        again; `Unavailable` when it is not known whether it was written: then the place says it.
        """

    @property
    def stored_bytes(self) -> int:
        """How much was written since the start."""

    @property
    def node(self) -> str:
        """Whose files are stored."""

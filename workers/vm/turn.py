"""What is decided on about one VM in one round, and what comes out of it; pure.

Invariant: memory holds times and counts only; whoever loses it waits longer, and errs nowhere.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from cluster.model.vm import Seen as SeenRecord
from cluster.model.vm import SeenState, Transfer, TransferPhase
from runtime.clock import LONG_AGO, NEVER, Instant, later
from workers.vm.actions import Action
from workers.vm.local import Sight
from workers.vm.rules import Rules
from workers.vm.seen import NodeView, VmView

_AGAIN_SECONDS: Final = 0.2
"""How soon it is looked whether what was done shows; a change of the tree wakes us earlier."""
_START_UNSEEN_SECONDS: Final = 3.0
"""A start that was begun by a process that is gone may still come to pass in the hypervisor."""
_LONGEST_BACKOFF_SECONDS: Final = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class VmMemory:
    """What is carried from round to round about one VM."""

    record: SeenRecord | None = None
    transfer: Transfer | None = None
    changed_at: Instant = LONG_AGO
    """When the record, or whether and where it is moved, was seen to change last: what the
    hypervisor said before does not tell whether it is here."""
    serial: int = -1
    """The order that all below belongs to."""
    ends: tuple[Instant, ...] = ()
    """When it ended although it shall run."""
    is_counted: bool = False
    """That it is gone is among `ends` already."""
    is_started: bool = False
    """Its start was done, by us, and it has not been seen running since."""
    is_start_known: bool = False
    """How its last start ended is known: none can be under way unseen."""
    failures: int = 0
    """Jobs in a row that did not do what they were to do."""
    retry_at: Instant = LONG_AGO
    """The next job is not begun earlier."""
    asked_since: Instant | None = None
    """Since when its guest is asked to end."""
    asked_at: Instant = LONG_AGO
    told_at: Instant = LONG_AGO
    """When an abort was asked for, or progress was written, last."""
    stray_since: Instant | None = None
    """Since when a copy is here that another node may run."""
    waits_since: Instant | None = None
    """Since when the node it is to go to is not alive."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Slots:
    """How many long things may still be begun in this round."""

    sends: int
    """Moves that may leave this node."""
    starts: int
    arrivals: Mapping[str, int] = field(default_factory=dict)
    """Moves that may still begin to a node; one that is not named takes none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What to do about one VM."""

    memory: VmMemory
    actions: tuple[Action, ...] = ()
    look_again: Instant = NEVER
    """NEVER: nothing will happen unless what is seen changes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One VM in one round."""

    rules: Rules
    view: VmView
    memory: VmMemory
    now: Instant
    sight: Sight
    nodes: Mapping[str, NodeView]
    slots: Slots

    @property
    def node(self) -> str:
        """This node."""
        return self.rules.node

    @property
    def is_gone(self) -> bool:
        """Whether the hypervisor says for certain that it is not here."""
        if self.view.local is not None or self.sight.at is None:
            return False
        is_starting = self.view.record.state is SeenState.STARTING
        unseen = _START_UNSEEN_SECONDS if is_starting and not self.memory.is_start_known else 0.0
        return self.sight.at > later(self.memory.changed_at, unseen)

    @property
    def why_gone(self) -> str:
        """Why it is not here any more, for people."""
        end = self.sight.ended.get(self.view.uuid)
        return end.reason if end is not None else "its process is gone"

    def do(self, *actions: Action, **memory: Any) -> Outcome:
        """Do something and see soon what came of it."""
        again = later(self.now, _AGAIN_SECONDS)
        return Outcome(actions=actions, memory=replace(self.memory, **memory), look_again=again)

    def wait(self, until: Instant, **memory: Any) -> Outcome:
        """Do nothing until then."""
        return Outcome(memory=replace(self.memory, **memory), look_again=until)

    def look(self) -> Outcome:
        """Wait for the next look of the hypervisor."""
        return self.wait(later(self.now, _AGAIN_SECONDS))

    def rest(self) -> Outcome:
        """Do nothing until something changes."""
        return Outcome(memory=self.memory)

    def failed(self, *actions: Action, **memory: Any) -> Outcome:
        """Do something after a job has failed, and begin none for a while."""
        failures = self.memory.failures + 1
        retry_at = later(self.now, backoff_seconds(failures))
        return self.do(*actions, failures=failures, retry_at=retry_at, **memory)


def backoff_seconds(times: int) -> float:
    """Return how long to wait after so many failures."""
    return min(2.0 ** (min(times, 16) - 1), _LONGEST_BACKOFF_SECONDS)


def remembered(turn: Turn) -> Turn:
    """Return the turn with what was decided on last compared to what is there now."""
    memory, view = turn.memory, turn.view
    if memory.serial != view.wanted.serial:
        memory = VmMemory(
            record=memory.record,
            transfer=memory.transfer,
            changed_at=memory.changed_at,
            serial=view.wanted.serial,
            is_start_known=memory.is_start_known,
        )
    transfer = _essence(view.transfer)
    if memory.record != view.record or memory.transfer != transfer:
        memory = replace(
            memory, record=view.record, transfer=transfer, changed_at=turn.now, is_counted=False
        )
    return turn if memory is turn.memory else replace(turn, memory=memory)


def _essence(transfer: Transfer | None) -> Transfer | None:
    """Return a transfer without its progress."""
    if transfer is None:
        return None
    return Transfer(serial=transfer.serial, to=transfer.to, phase=TransferPhase.SENDING)

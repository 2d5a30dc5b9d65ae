"""What is done on the store about a move, by the node that sends a VM and the one that gets it.

Invariant: as of `act_vm`: on keys that were read a moment ago, and only when the premise holds.
"""

from typing import assert_never

from cluster.model.vm import Transfer, TransferPhase
from cluster.operations import vm_handover as handover
from cluster.records.vm_keys import VmKeys
from runtime.log import get_logger
from workers.vm.actions import BeginMove, GiveUpMove, WriteArrival, WriteTransfer
from workers.vm.premise import owns
from workers.vm.tools import Tools, apply, begin

log = get_logger(__name__)

MoveAction = BeginMove | WriteTransfer | GiveUpMove | WriteArrival


class MoveActs:
    """Does what was decided about a move."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools

    def act(self, action: MoveAction, keys: VmKeys) -> None:
        """Do one action on keys that were just read."""
        match action:
            case BeginMove():
                self._begin_move(action, keys)
            case WriteTransfer():
                self._write_transfer(action, keys)
            case GiveUpMove():
                self._give_up(action, keys)
            case WriteArrival():
                self._write_arrival(action, keys)
            case _:
                assert_never(action)

    def _begin_move(self, action: BeginMove, keys: VmKeys) -> None:
        if keys.wanted != action.wanted or keys.transfer is not None:
            return
        if not owns(keys, self._tools.node) or not keys.seen.state.may_run:
            return
        if apply(self._tools, handover.begin_move(self._tools.layout, keys, action.transfer)):
            log.info("move_begun", vm=keys.name, to=action.transfer.to, by=action.transfer.phase)
            if action.job is not None:
                begin(self._tools, action.vm, action.job)

    def _write_transfer(self, action: WriteTransfer, keys: VmKeys) -> None:
        if not owns(keys, self._tools.node) or not _is_same_move(keys.transfer, action.transfer):
            return
        if apply(self._tools, handover.write_transfer(self._tools.layout, keys, action.transfer)):
            log.debug("move_told", vm=keys.name, phase=action.transfer.phase)

    def _give_up(self, action: GiveUpMove, keys: VmKeys) -> None:
        if keys.wanted != action.wanted or keys.seen != action.was:
            return
        if owns(keys, self._tools.node) and apply(
            self._tools, handover.give_up_move(self._tools.layout, keys, action.reason)
        ):
            log.warning("move_given_up", vm=keys.name, reason=action.reason)

    def _write_arrival(self, action: WriteArrival, keys: VmKeys) -> None:
        node = self._tools.node
        if action.arrival is None:
            if keys.arrival is None or keys.arrival.node != node:
                return
        elif keys.transfer is None or keys.transfer.to != node:
            return
        apply(self._tools, handover.write_arrival(self._tools.layout, keys, action.arrival))


def _is_same_move(there: Transfer | None, told: Transfer) -> bool:
    """Whether a transfer is the one that was decided on, and not further on than it."""
    if there is None or (there.to, there.serial) != (told.to, told.serial):
        return False
    is_back = there.phase is TransferPhase.SHUTDOWN and told.phase is not TransferPhase.SHUTDOWN
    return there != told and not is_back

"""What is done about one VM, on the store and by the hypervisor.

Invariant: each action reads the VM's keys afresh and is carried out only when the premise it was
decided on still holds; what it writes demands the versions that were read. Otherwise nothing is
done, and the next round decides on what is there now.
"""

from typing import assert_never

from cluster.definition.reading import examine
from cluster.model.definition import Definition
from cluster.model.vm import Seen as SeenRecord
from cluster.model.vm import SeenState
from cluster.operations import vm_handover as handover
from cluster.records import vm_keys
from cluster.records.view import snapshot
from cluster.records.vm_keys import VmKeys
from runtime.log import get_logger
from workers.vm.act_move import MoveActs
from workers.vm.actions import (
    Adopt,
    Begin,
    BeginMove,
    Claim,
    DestroyStray,
    Forget,
    GiveUpMove,
    RemoveRecord,
    Withdraw,
    WriteArrival,
    WriteSeen,
    WriteTransfer,
)
from workers.vm.jobs import AbortMove, Destroy, FreeLocks, Start
from workers.vm.premise import claimed, may_begin, may_go_on, may_remove, owns, why_not_to_start
from workers.vm.tools import Tools, apply, begin

log = get_logger(__name__)

VmAction = (
    Begin
    | Forget
    | Withdraw
    | WriteSeen
    | Claim
    | Adopt
    | BeginMove
    | WriteTransfer
    | GiveUpMove
    | WriteArrival
    | DestroyStray
    | RemoveRecord
)


class VmActs:
    """Does what was decided about a VM."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self._moves = MoveActs(tools)

    def act(self, action: VmAction) -> None:
        """Do one action; raises `Unavailable` when the store does not answer."""
        if isinstance(action, Forget):
            self._tools.hypervisor.forget(action.vm)
            return
        if isinstance(action, Begin) and isinstance(action.job, AbortMove):
            begin(self._tools, action.vm, action.job)
            return
        tools = self._tools
        keys = vm_keys.read(tools.store, tools.layout, action.vm, tools.deadline())
        if keys is not None:
            self._with_keys(action, keys)

    def _with_keys(self, action: VmAction, keys: VmKeys) -> None:
        match action:
            case Begin():
                if may_begin(action.job, keys, self._tools.node):
                    self._begin(action, keys)
            case Withdraw():
                self._withdraw(action, keys)
            case WriteSeen():
                self._write_seen(action, keys)
            case Claim():
                self._claim(action, keys)
            case Adopt():
                self._adopt(action, keys)
            case BeginMove() | WriteTransfer() | GiveUpMove() | WriteArrival():
                self._moves.act(action, keys)
            case DestroyStray():
                self._destroy_stray(action, keys)
            case RemoveRecord():
                self._remove(keys)
            case Forget():
                return
            case _:
                assert_never(action)

    def _begin(self, action: Begin, keys: VmKeys) -> None:
        # Whoever owns a VM wrote so himself and reads no older; others may.
        is_certain = not isinstance(action.job, FreeLocks) or self._is_so(keys)
        if is_certain:
            begin(self._tools, action.vm, action.job)

    def _is_so(self, keys: VmKeys) -> bool:
        """Whether what was read is so, also by the leader of the store."""
        return apply(self._tools, handover.confirm(self._tools.layout, keys))

    def _withdraw(self, action: Withdraw, keys: VmKeys) -> None:
        if may_go_on(action.job, keys.seen, keys.transfer, self._tools.node):
            return
        log.warning("job_withdrawn", vm=keys.name, job=type(action.job).__name__)
        self._tools.hypervisor.forget(action.vm)

    def _write_seen(self, action: WriteSeen, keys: VmKeys) -> None:
        if keys.seen != action.was or not owns(keys, self._tools.node):
            return
        layout = self._tools.layout
        if action.ends_transfer:
            if keys.transfer is None:
                return
            changes = handover.hand_over(layout, keys, action.now)
        elif action.now == action.was:
            return
        else:
            changes = handover.write_seen(layout, keys, action.now)
        if apply(self._tools, changes):
            self._note(keys, action.now)

    def _claim(self, action: Claim, keys: VmKeys) -> None:
        tools = self._tools
        if keys.wanted != action.wanted or keys.seen != action.was:
            return
        if keys.transfer is not None and not keys.wanted.fence:
            return
        definition = examine(keys.xml)
        why_not = why_not_to_start(keys, definition)
        now = claimed(keys.wanted, keys.seen, tools.node, why_not=why_not)
        if not apply(tools, handover.claim(tools.layout, keys, now)):
            return
        self._note(keys, now)
        if not why_not:
            begin(tools, action.vm, _start(keys, definition))

    def _adopt(self, action: Adopt, keys: VmKeys) -> None:
        if keys.wanted != action.wanted or keys.seen != action.was:
            return
        if apply(self._tools, handover.adopt(self._tools.layout, keys, action.now)):
            self._note(keys, action.now)

    def _destroy_stray(self, action: DestroyStray, keys: VmKeys) -> None:
        is_other = keys.seen.node == action.owner != self._tools.node
        is_arriving = keys.transfer is not None and keys.transfer.to == self._tools.node
        if not is_other or is_arriving or keys.seen.state is SeenState.UNKNOWN:
            return
        if self._is_so(keys) and begin(self._tools, action.vm, Destroy(uuid=action.vm)):
            log.error("stray_ended", vm=keys.name, owner=action.owner)

    def _remove(self, keys: VmKeys) -> None:
        tools = self._tools
        if not may_remove(keys, tools.node):
            return
        roots = handover.removal_roots(tools.layout, keys)
        view = snapshot(tools.store, roots, tools.deadline())
        if apply(self._tools, handover.remove_record(view, tools.layout, keys)):
            log.info("vm_removed", vm=keys.name)

    def _note(self, keys: VmKeys, now: SeenRecord) -> None:
        was = keys.seen
        if (was.state, was.node, was.reason) != (now.state, now.node, now.reason):
            log.info(
                "vm_state_changed",
                vm=keys.name,
                old=was.state,
                new=now.state,
                on=now.node,
                reason=now.reason,
            )


def _start(keys: VmKeys, definition: Definition | None) -> Start:
    return Start(
        uuid=keys.uuid,
        xml=keys.xml,
        volumes=definition.volumes if definition is not None else (),
        is_fenced=bool(keys.wanted.fence),
    )

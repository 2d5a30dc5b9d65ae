"""A VM that is not this node's by record: taken, received, or ended as a stray; pure.

Invariants: what runs here and is nobody's becomes ours; what another node may run is ended here,
but only after it stood so for a while in look after look; a VM of another node is started only
when that node can have no process of it.
"""

from typing import Final

from cluster.model.vm import Arrival, ArrivalPhase, SeenState
from runtime.clock import later
from workers.vm import lifecycle, saying
from workers.vm.actions import Adopt, DestroyStray, WriteArrival
from workers.vm.local import LocalState, LocalVm
from workers.vm.order import Ask, asked, is_free
from workers.vm.turn import Outcome, Turn

_STRAY_SECONDS: Final = 5.0
"""For so long a copy and its record must stand unchanged before the copy is ended."""


def elsewhere(turn: Turn) -> Outcome:
    """Bring on a VM that is another node's, or nobody's."""
    local = turn.view.local
    return _not_here(turn) if local is None else _here(turn, local)


def _here(turn: Turn, local: LocalVm) -> Outcome:
    record, transfer = turn.view.record, turn.view.transfer
    if transfer is not None and transfer.to == turn.node:
        return _receive(turn, local)
    is_unknown = record.state is SeenState.UNKNOWN
    is_nobodys = not record.node if is_unknown else not record.state.may_run
    if is_nobodys and transfer is None and saying.is_alive(local):
        now = saying.report(turn.view, turn.node, serial=record.serial)
        return turn.do(Adopt(vm=turn.view.uuid, wanted=turn.view.wanted, was=record, now=now))
    # Nobody has looked since the tree was migrated: its node may find that it has none.
    return turn.look() if is_unknown else _stray(turn)


def _receive(turn: Turn, local: LocalVm) -> Outcome:
    transfer = turn.view.transfer
    serial = transfer.serial if transfer is not None else 0
    is_held = local.state is LocalState.PAUSED
    phase = ArrivalPhase.RECEIVING if is_held else ArrivalPhase.RUNNING
    arrival = Arrival(serial=serial, node=turn.node, phase=phase)
    if turn.view.arrival == arrival:
        return turn.rest()
    return turn.do(WriteArrival(vm=turn.view.uuid, arrival=arrival))


def _stray(turn: Turn) -> Outcome:
    memory, sight = turn.memory, turn.sight
    since = memory.stray_since if memory.stray_since is not None else turn.now
    over_at = later(max(since, memory.changed_at), _STRAY_SECONDS)
    if turn.now < over_at or sight.at is None or sight.at < over_at:
        return turn.wait(max(over_at, turn.look().look_again), stray_since=since)
    return turn.do(
        DestroyStray(vm=turn.view.uuid, owner=turn.view.record.node), stray_since=turn.now
    )


def _not_here(turn: Turn) -> Outcome:
    view = turn.view
    if view.arrival is not None and view.arrival.node == turn.node:
        if not turn.is_gone:
            return turn.look()
        return turn.do(WriteArrival(vm=view.uuid, arrival=None))
    is_ours_to_take = view.wanted.node == turn.node and _is_free(turn)
    return _take(turn) if is_ours_to_take else turn.rest()


def _is_free(turn: Turn) -> bool:
    view = turn.view
    if view.transfer is not None and not view.wanted.fence:
        return False
    is_unlooked = view.record.state is SeenState.UNKNOWN and not view.record.node
    return is_unlooked or is_free(view.wanted, view.record)


def _take(turn: Turn) -> Outcome:
    wanted, record = turn.view.wanted, turn.view.record
    is_given_up = record.state is SeenState.FAILED and record.serial >= wanted.serial
    match asked(wanted, record):
        case Ask.RUN | Ask.BOUNCE if record.state is SeenState.UNKNOWN and not wanted.fence:
            return _take_off(turn, serial=record.serial)
        case Ask.RUN | Ask.BOUNCE:
            return turn.rest() if is_given_up else lifecycle.claim(turn)
        case Ask.END:
            is_said = record.serial >= wanted.serial and not record.state.may_run
            return turn.rest() if is_said else _take_off(turn, serial=wanted.serial)
        case Ask.REMOVE:
            return _take_off(turn, serial=wanted.serial)
        case Ask.LEAVE:
            return turn.rest()


def _take_off(turn: Turn, *, serial: int) -> Outcome:
    """Make it ours as one that is off."""
    if not turn.is_gone:
        return turn.look()
    now = saying.off(turn, serial=serial).now
    adopt = Adopt(vm=turn.view.uuid, wanted=turn.view.wanted, was=turn.view.record, now=now)
    return turn.do(adopt)

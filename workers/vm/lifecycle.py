"""A VM that is this node's by record: started, kept running, ended, removed; pure.

Invariants: it is started by a `Claim` only; that it is gone is believed only of a look that is
newer than the record; what is told of it is what the hypervisor says.
"""

from cluster.model.vm import SeenState
from workers.vm import crash, ending, migration, saying
from workers.vm.actions import Begin, Claim, RemoveRecord, WriteArrival
from workers.vm.jobs import RemoveVolumes
from workers.vm.local import LocalState, Pause
from workers.vm.order import Ask, asked, is_gentle, is_up
from workers.vm.turn import Outcome, Turn


def own(turn: Turn) -> Outcome:
    """Bring a VM of this node on."""
    view = turn.view
    if view.transfer is not None:
        # A transfer to ourselves is what is left of a handover that is half shown yet.
        return turn.look() if view.transfer.to == turn.node else migration.go_on(turn)
    if view.arrival is not None and view.arrival.node == turn.node:
        return turn.do(WriteArrival(vm=view.uuid, arrival=None))
    match asked(view.wanted, view.record):
        case Ask.RUN:
            is_here = view.wanted.node == turn.node
            return run_here(turn) if is_here else migration.begin(turn)
        case Ask.BOUNCE:
            return _bounce(turn)
        case Ask.END | Ask.REMOVE:
            return _end(turn)
        case Ask.LEAVE:
            return _only_say(turn)


def run_here(turn: Turn) -> Outcome:
    """See that it runs."""
    local = turn.view.local
    if local is None:
        return _run_again(turn)
    if local.state is LocalState.CRASHED:
        return ending.destroy(turn)
    if local.state is LocalState.PAUSED and local.pause is Pause.MOVE:
        # Held although by record it does not run: an old copy of a move that was long over.
        return migration.resume(turn) if is_up(turn.view.record) else _start_afresh(turn)
    return saying.say(turn, saying.report(turn.view, turn.node, serial=turn.view.wanted.serial))


def claim(turn: Turn) -> Outcome:
    """Make it ours and start it."""
    if turn.now < turn.memory.retry_at:
        return turn.wait(turn.memory.retry_at)
    if turn.slots.starts <= 0:
        return turn.look()
    view = turn.view
    return turn.do(
        Claim(vm=view.uuid, wanted=view.wanted, was=view.record),
        is_started=False,
        is_start_known=False,
    )


def _run_again(turn: Turn) -> Outcome:
    record, memory = turn.view.record, turn.memory
    match record.state:
        case SeenState.OFF:
            return claim(turn)
        case SeenState.FAILED:
            return claim(turn) if record.serial < turn.view.wanted.serial else turn.rest()
        case SeenState.UNKNOWN:
            return _off_when_gone(turn, serial=record.serial)
        case SeenState.STARTING:
            if not turn.is_gone:
                return turn.look()
            return crash.ended(turn) if memory.is_started else claim(turn)
        case SeenState.RUNNING | SeenState.PAUSED | SeenState.STOPPING:
            return crash.ended(turn) if turn.is_gone else turn.look()


def _start_afresh(turn: Turn) -> Outcome:
    """Start it, which ends the copy that is here first; one that was given up is only ended."""
    record = turn.view.record
    is_given_up = record.state is SeenState.FAILED and record.serial >= turn.view.wanted.serial
    return ending.destroy(turn) if is_given_up else claim(turn)


def _bounce(turn: Turn) -> Outcome:
    wanted, record = turn.view.wanted, turn.view.record
    if turn.view.local is not None:
        return _bring_down(turn)
    if record.state.may_run:
        return _off_when_gone(turn, serial=wanted.serial)
    # It is down already, and its start is the second half of the order.
    return claim(turn) if wanted.node == turn.node else turn.rest()


def _end(turn: Turn) -> Outcome:
    wanted, record = turn.view.wanted, turn.view.record
    if turn.view.local is not None:
        return _bring_down(turn)
    is_charged = wanted.node == turn.node
    if record.state.may_run:
        return _off_when_gone(turn, serial=wanted.serial)
    if record.state is not SeenState.OFF or record.serial < wanted.serial:
        # Off already: that it is so by the newest order is for the node that it belongs on to say.
        return turn.do(saying.off(turn, serial=wanted.serial)) if is_charged else turn.rest()
    return _remove(turn) if asked(wanted, record) is Ask.REMOVE else turn.rest()


def _bring_down(turn: Turn) -> Outcome:
    local = turn.view.local
    is_dead = local is not None and local.state is LocalState.CRASHED
    if is_gentle(turn.view.wanted) and not is_dead:
        return ending.ask_to_end(turn)
    return ending.destroy(turn)


def _remove(turn: Turn) -> Outcome:
    view = turn.view
    volumes = view.definition.volumes if view.definition is not None else ()
    if view.wanted.removes_volumes and volumes:
        if turn.now < turn.memory.retry_at:
            return turn.wait(turn.memory.retry_at)
        return turn.do(Begin(vm=view.uuid, job=RemoveVolumes(uuid=view.uuid, volumes=volumes)))
    return turn.do(RemoveRecord(vm=view.uuid, name=view.name))


def _only_say(turn: Turn) -> Outcome:
    record, local = turn.view.record, turn.view.local
    if local is not None:
        return saying.say(turn, saying.report(turn.view, turn.node, serial=record.serial))
    if record.state.may_run:
        return _off_when_gone(turn, serial=record.serial)
    return turn.rest()


def _off_when_gone(turn: Turn, *, serial: int) -> Outcome:
    return turn.do(saying.off(turn, serial=serial)) if turn.is_gone else turn.look()

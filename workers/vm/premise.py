"""Whether what was decided may still be done, by a fresh read of the tree; pure.

Invariant: a job that starts, ends or moves something is begun only on a VM that is this node's by
record, and one that lets a held copy go on only while no move is under way. One that was held up,
with its node or alone, is withdrawn when the VM has passed to another node meanwhile.
"""

from typing import assert_never

from cluster.model.definition import Definition
from cluster.model.vm import Seen, SeenState, Transfer, TransferPhase, Wanted, WantedState
from cluster.records.vm_keys import VmKeys
from workers.vm.jobs import (
    AbortMove,
    ChangeDevice,
    Destroy,
    FreeLocks,
    Job,
    Migrate,
    RemoveVolumes,
    Resume,
    Settle,
    Shutdown,
    Start,
)
from workers.vm.order import is_up


def owns(keys: VmKeys, node: str) -> bool:
    """Whether a VM is this node's by record."""
    return keys.seen.node == node


def why_not_to_start(keys: VmKeys, definition: Definition | None) -> str:
    """Return why a VM must not be started from this definition; empty when it may be tried."""
    if definition is None or definition.uuid == keys.uuid.lower():
        return ""
    # Nobody would see what runs then, and the VM of that UUID may run already.
    return f"its definition has the UUID {definition.uuid!r}, not its own: define it anew"


def claimed(wanted: Wanted, seen: Seen, node: str, *, why_not: str = "") -> Seen:
    """Return what is seen of a VM that this node makes its own to start it, or (`why_not`) as one
    that it cannot start."""
    if why_not:
        return Seen(state=SeenState.FAILED, node=node, serial=wanted.serial, reason=why_not)
    # Being down is the first half of a restart, and it is down.
    is_bounced = wanted.state is WantedState.RESTART
    serial = max(seen.serial, wanted.serial) if is_bounced else seen.serial
    # Why it ended before stays said until it runs.
    reason = seen.reason if seen.state is SeenState.STARTING and seen.node == node else ""
    return Seen(state=SeenState.STARTING, node=node, serial=serial, reason=reason)


def may_begin(job: Job, keys: VmKeys, node: str) -> bool:
    """Whether a job on a VM fits what the tree says now."""
    match job:
        case AbortMove():
            return True
        case Start():
            # Only ever begun with a claim.
            return False
        case Migrate() | Settle():
            # Once it is shut down here, a copy that a failed move has left there is out of date.
            is_sent = keys.transfer is not None and not _is_by_shutdown(keys)
            return owns(keys, node) and is_sent
        case Resume():
            return is_up(keys.seen) and owns(keys, node) and keys.transfer is None
        case ChangeDevice():
            return owns(keys, node) and keys.transfer is None
        case Shutdown() | Destroy():
            # A move is broken off first.
            return owns(keys, node) and (keys.transfer is None or _is_by_shutdown(keys))
        case FreeLocks():
            return keys.transfer is None and not keys.seen.state.may_run
        case RemoveVolumes():
            return keys.wanted.removes_volumes and may_remove(keys, node)
        case _:
            assert_never(job)


def may_go_on(job: Job, seen: Seen, transfer: Transfer | None, node: str) -> bool:
    """Whether a job that was begun may still be let go on."""
    match job:
        case AbortMove():
            return True
        case Destroy():
            # A copy that should not be here; the one that arrives by a move should.
            is_arriving = transfer is not None and transfer.to == node
            return seen.node == node or not is_arriving
        case FreeLocks():
            return transfer is None and not seen.state.may_run
        case _:
            return seen.node == node


def may_remove(keys: VmKeys, node: str) -> bool:
    """Whether a VM is off, ours, and ordered to go."""
    is_off = owns(keys, node) and not keys.seen.state.may_run and keys.transfer is None
    return is_off and keys.wanted.state is WantedState.DELETE


def _is_by_shutdown(keys: VmKeys) -> bool:
    return keys.transfer is not None and keys.transfer.phase is TransferPhase.SHUTDOWN

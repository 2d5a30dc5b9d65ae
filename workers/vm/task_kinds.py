"""The kinds of tasks that the vm worker executes; pure.

Invariant: a task changes only what runs now; the definition is changed by whoever ordered it.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from cluster.model.task import Task
from cluster.schema import codec
from workers.vm.jobs import ChangeDevice, Ending, FreeLocks, JobState
from workers.vm.local import LocalState
from workers.vm.seen import VmView


class Kind(StrEnum):
    """What can be ordered."""

    ATTACH = "vm.device_attach"
    DETACH = "vm.device_detach"
    FLUSH_LOCKS = "vm.flush_locks"


_KINDS: Final = {kind.value: kind for kind in Kind}
_DONE: Final = {
    Kind.ATTACH: "The device is attached to VM {name}.",
    Kind.DETACH: "The device is detached from VM {name}.",
    Kind.FLUSH_LOCKS: "The locks of the volumes of VM {name} are removed.",
}
_DOING: Final = {
    Kind.ATTACH: "Attaching the device to VM {name}.",
    Kind.DETACH: "Detaching the device from VM {name}.",
    Kind.FLUSH_LOCKS: "Removing the locks of the volumes of VM {name}.",
}
_TO_DO: Final = {
    Kind.ATTACH: "look which devices it has (virsh domblklist, domiflist on its node) and order it "
    "again; a device that is there already is left as it is",
    Kind.DETACH: "look which devices it has (virsh domblklist, domiflist on its node) and order it "
    "again; a device that is gone already is no error",
    Kind.FLUSH_LOCKS: "look at the locks (rbd lock ls POOL/VOLUME) and order it again",
}

Job = ChangeDevice | FreeLocks


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """A task as this worker understands it."""

    kind: Kind
    vm: str
    xml: str


def work_of(task: Task) -> Work | None:
    """Return what a task asks of us; None when it is not ours to execute."""
    kind = _KINDS.get(task.order.name)
    if kind is None:
        return None
    arguments = task.order.arguments
    return Work(
        kind=kind,
        vm=codec.as_text(arguments.get("vm")),
        xml=codec.as_text(arguments.get("xml")).strip(),
    )


def job_of(work: Work, view: VmView) -> Job:
    """Return the job that does it."""
    if work.kind is Kind.FLUSH_LOCKS:
        volumes = view.definition.volumes if view.definition is not None else ()
        return FreeLocks(uuid=view.uuid, volumes=volumes)
    return ChangeDevice(uuid=view.uuid, xml=work.xml, is_attach=work.kind is Kind.ATTACH)


def is_busy(view: VmView) -> bool:
    """Whether something else is done with the VM that must be over first."""
    return view.job is not None or view.transfer is not None


def why_not(work: Work, view: VmView | None, node: str) -> str:
    """Return why it cannot be done here; empty when it can."""
    if view is None:
        return f"node {node} has no VM {work.vm}: give the order again, for where it is now"
    if work.kind is Kind.FLUSH_LOCKS:
        return _why_no_locks(view, node)
    if view.record.node != node:
        return f"VM {view.name} is on node {view.record.node} now: give the order again"
    if view.local is None or view.local.state is not LocalState.RUNNING:
        return (
            f"VM {view.name} does not run: change its definition, which it gets with its next start"
        )
    return "" if work.xml else "no device was named"


def _why_no_locks(view: VmView, node: str) -> str:
    if view.record.state.may_run or view.local is not None:
        return (
            f"VM {view.name} is {view.record.state} on node {view.record.node}: its locks protect "
            "its volumes; stop it first"
        )
    if node not in (view.wanted.node, view.record.node):
        return f"VM {view.name} belongs to node {view.wanted.node} now: give the order again"
    if view.definition is None:
        return f"the definition of VM {view.name} cannot be understood: mend it first"
    return ""


def doing(work: Work, view: VmView) -> str:
    """Return what is being done, as a sentence."""
    return _DOING[work.kind].format(name=view.name)


def done(work: Work, name: str) -> str:
    """Return what was done, as a sentence."""
    return _DONE[work.kind].format(name=name)


def failed(work: Work, name: str, job: JobState) -> str:
    """Return why it was not done and what to do."""
    again = "" if job.ending is Ending.REFUSED else f"; {_TO_DO[work.kind]}"
    return f"VM {name}: {job.reason or 'the work ended without a reason'}{again}"


def interrupted(work: Work) -> str:
    """Return what to do about a task of which nobody knows how far it came."""
    return (
        "interrupted: the vm worker was restarted while it was at it; it may be done or not: "
        f"{_TO_DO[work.kind]}"
    )


def broken_off(work: Work) -> str:
    """Return what to do about a task that was cancelled while it was under way."""
    return f"cancelled while it was under way; it may be done or not: {_TO_DO[work.kind]}"

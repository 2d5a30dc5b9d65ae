"""The jobs on a VM's volumes that need no libvirt, and the look at their locks before a start."""

from collections.abc import Callable, Iterable, Mapping
from typing import Final, TypeVar

from runtime.errors import NotFound
from workers.vm import jobs
from workers.vm.child import processes
from workers.vm.child.locks import Lock, judge
from workers.vm.child.own_hosts import own_hosts
from workers.vm.child.rbd_locks import Rbd
from workers.vm.job_lines import Surroundings
from workers.vm.jobs import Ending

Ended = tuple[Ending, str]
T = TypeVar("T")
_AT_ONCE: Final = 8


def do(around: Surroundings, job: jobs.FreeLocks | jobs.RemoveVolumes) -> Ended:
    """Do one of them."""
    rbd = Rbd(around)
    if processes.find_qemu(job.uuid) is not None:
        return Ending.REFUSED, "it runs here"
    if isinstance(job, jobs.FreeLocks):
        try:
            _remove(rbd, _locks(rbd, job.volumes))
        except NotFound as error:
            return Ending.REFUSED, f"{error}"
        return Ending.DONE, ""
    refusals = [reason for reason in _each(rbd.remove, job.volumes) if reason]
    return (Ending.REFUSED, "; ".join(refusals)) if refusals else (Ending.DONE, "")


def clear(around: Surroundings, job: jobs.Start, users: Callable[[], Mapping[str, str]]) -> str:
    """Remove the locks of dead processes from a VM's volumes; returns why it must not start.
    `users`: asked, if there are locks, for the other VMs that run here, by their volumes."""
    rbd = Rbd(around)
    try:
        locks = _locks(rbd, job.volumes)
    except NotFound as error:
        return f"{error}: make it, or correct the VM's definition"
    if not locks:
        return ""
    verdict = judge(
        locks,
        own_hosts=own_hosts(),
        runs_here=processes.find_qemu(job.uuid) is not None,
        users=users(),
        blocklist=rbd.blocklist() if job.is_fenced else None,
    )
    if not verdict.refusal:
        _remove(rbd, verdict.remove)
    return verdict.refusal


def _locks(rbd: Rbd, volumes: Iterable[str]) -> list[Lock]:
    return [lock for found in _each(rbd.locks, volumes) for lock in found]


def _remove(rbd: Rbd, locks: Iterable[Lock]) -> None:
    for _ in _each(rbd.remove_lock, locks):
        pass


def _each(call: Callable[..., T], items: Iterable[object]) -> Iterable[T]:
    """Do a call for each item, side by side when there are several."""
    listed = list(items)
    if len(listed) < 2:
        return [call(item) for item in listed]
    # Most VMs have one volume: they need not wait for this import.
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(min(len(listed), _AT_ONCE)) as pool:
        return list(pool.map(call, listed))

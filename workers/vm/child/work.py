"""One job from its orders to its ending.

Only what the job needs is imported: jobs on volumes never load libvirt.
"""

from runtime.errors import Unavailable
from workers.vm import jobs
from workers.vm.child.telling import say_ending
from workers.vm.job_lines import Orders
from workers.vm.jobs import Ending


def work(orders: Orders) -> None:
    """Do the job and say how it ended."""
    assert orders.job is not None, "a job's process is started with a job"
    try:
        ending, reason = _do(orders, orders.job)
    except Unavailable as error:
        is_move = isinstance(orders.job, jobs.Migrate | jobs.Settle)
        ending, reason = Ending.UNCERTAIN if is_move else Ending.FAILED, error.message
    say_ending(ending, reason)


def _do(orders: Orders, job: jobs.Job) -> tuple[Ending, str]:
    around = orders.surroundings
    match job:
        case jobs.FreeLocks() | jobs.RemoveVolumes():
            from workers.vm.child import volumes

            return volumes.do(around, job)
        case jobs.Migrate() | jobs.Settle():
            from workers.vm.child.libvirt_migration import do as move

            return move(around, job)
        case jobs.ChangeDevice():
            from workers.vm.child import libvirt_devices

            return libvirt_devices.do(around, job)
        case jobs.Start():
            from workers.vm.child import libvirt_start

            return libvirt_start.start(around, job)
        case _:
            from workers.vm.child import libvirt_job

            return libvirt_job.do(around, job)

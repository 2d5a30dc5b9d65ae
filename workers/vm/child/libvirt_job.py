"""The short jobs on one VM: asked to end, ended, let go on, its move broken off."""

from typing import Any, Final

import libvirt

from runtime.clock import SYSTEM_CLOCK
from runtime.deadline import Deadline
from workers.vm import jobs
from workers.vm.child import processes
from workers.vm.child.libvirt_connection import find, is_gone, is_passing, open_libvirt
from workers.vm.job_lines import Surroundings
from workers.vm.jobs import Ending

Ended = tuple[Ending, str]
Short = jobs.Shutdown | jobs.Destroy | jobs.Resume | jobs.AbortMove

_GONE_SECONDS: Final = 5.0
_LOOK_SECONDS: Final = 0.02


def do(around: Surroundings, job: Short) -> Ended:
    """Do one of them."""
    connection = open_libvirt(around.uri)
    try:
        domain = find(connection, job.uuid)
        match job:
            case jobs.Shutdown():
                return _shut_down(domain)
            case jobs.Destroy():
                return destroy(domain, job.uuid)
            case jobs.Resume():
                return _resume(domain)
            case jobs.AbortMove():
                return _abort(domain)
    except libvirt.libvirtError as error:
        return ending_of(error)


def ending_of(error: libvirt.libvirtError) -> Ended:
    """Return what an error of libvirt means for a job."""
    return Ending.FAILED if is_passing(error) else Ending.REFUSED, str(error)


def destroy(domain: Any, uuid: str) -> Ended:
    """End a VM and wait until no process of it is left."""
    if domain is not None:
        try:
            domain.destroy()
        except libvirt.libvirtError as error:
            is_off = error.get_error_code() == libvirt.VIR_ERR_OPERATION_INVALID
            if not (is_off or is_gone(error)):
                raise
    else:
        for pid in processes.find_qemus(uuid):
            # libvirt has lost it: nobody else would ever end it.
            processes.kill(pid, uuid)
    if not _is_gone_soon(uuid):
        return Ending.FAILED, "its process does not end"
    return Ending.DONE, ""


def _is_gone_soon(uuid: str) -> bool:
    deadline = Deadline.after(_GONE_SECONDS)
    while processes.find_qemu(uuid) is not None:
        if deadline.is_over:
            return False
        SYSTEM_CLOCK.sleep(_LOOK_SECONDS)
    return True


def _shut_down(domain: Any) -> Ended:
    if domain is not None:
        domain.shutdownFlags(libvirt.VIR_DOMAIN_SHUTDOWN_ACPI_POWER_BTN)
    return Ending.DONE, ""


def _resume(domain: Any) -> Ended:
    if domain is None:
        return Ending.REFUSED, "it is not here"
    state, _reason = domain.state()
    if state == libvirt.VIR_DOMAIN_PAUSED:
        domain.resume()
    return Ending.DONE, ""


def _abort(domain: Any) -> Ended:
    if domain is not None:
        try:
            domain.abortJob()
        except libvirt.libvirtError as error:
            # It was over by then.
            if error.get_error_code() != libvirt.VIR_ERR_OPERATION_INVALID:
                raise
    return Ending.DONE, ""

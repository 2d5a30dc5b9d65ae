"""The start of a VM.

Invariant: nothing is started whose volumes are locked by somebody who may live. A copy that is
here and held is what a failed migration has left: whoever starts a VM is its one owner, so that
copy has never run and never will. A process that libvirt has lost can be managed by nobody: it is
ended first.
"""

from typing import Any, Final

import libvirt

from runtime.clock import SYSTEM_CLOCK, Clock
from runtime.deadline import Deadline
from workers.vm import jobs
from workers.vm.child import processes, volumes
from workers.vm.child.libvirt_connection import find, is_gone, open_libvirt
from workers.vm.child.libvirt_job import destroy, ending_of
from workers.vm.job_lines import Surroundings
from workers.vm.jobs import Ending

_FRESH_SECONDS: Final = 60.0
"""What was found of locks and processes holds for so long, more than all looks together need. A
node that stood still may have lost the VM to another one meanwhile."""


def start(around: Surroundings, job: jobs.Start, clock: Clock = SYSTEM_CLOCK) -> tuple[Ending, str]:
    """Start a VM."""
    fresh = Deadline.after(_FRESH_SECONDS, clock)
    connection = open_libvirt(around.uri)
    try:
        domain = find(connection, job.uuid)
        if domain is not None and not _is_left_over(domain, job.uuid):
            return Ending.DONE, ""
        if domain is not None or processes.find_qemu(job.uuid) is not None:
            ending, reason = destroy(domain, job.uuid)
            if ending is not Ending.DONE:
                return ending, reason
        if refusal := volumes.clear(around, job, lambda: _users(connection, job.uuid)):
            return Ending.REFUSED, refusal
        if fresh.is_over:
            return Ending.FAILED, "it stood still on the way, and what it had found is out of date"
        connection.createXML(job.xml, 0)
    except libvirt.libvirtError as error:
        return ending_of(error)
    return Ending.DONE, ""


def _users(connection: Any, uuid: str) -> dict[str, str]:
    """Return the other VMs that run here, by the names of their disks."""
    # Most starts find no locks: they need not wait for this import.
    from workers.vm.child.live_xml import device_names

    found = {}
    for domain in connection.listAllDomains(libvirt.VIR_CONNECT_LIST_DOMAINS_ACTIVE):
        if domain.UUIDString() == uuid:
            continue
        try:
            names = device_names(domain.XMLDesc(0)).values()
        except libvirt.libvirtError as error:
            if not is_gone(error):
                raise
            continue
        found.update(dict.fromkeys(names, domain.name()))
    return found


def _is_left_over(domain: Any, uuid: str) -> bool:
    state, reason = domain.state()
    if state != libvirt.VIR_DOMAIN_PAUSED:
        return False
    if reason == libvirt.VIR_DOMAIN_PAUSED_USER:
        return processes.came_by_migration(uuid)
    return reason in (libvirt.VIR_DOMAIN_PAUSED_MIGRATION, libvirt.VIR_DOMAIN_PAUSED_STARTING_UP)

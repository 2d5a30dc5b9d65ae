"""Devices of a running VM in and out.

Invariant: what is so already is done; a device counts as out only when the guest has let it go.
"""

from typing import Any, Final
from xml.etree import ElementTree

import libvirt

from runtime.clock import SYSTEM_CLOCK
from runtime.deadline import Deadline
from workers.vm import jobs
from workers.vm.child.device_match import has_device
from workers.vm.child.libvirt_connection import find, open_libvirt
from workers.vm.child.libvirt_job import ending_of
from workers.vm.job_lines import Surroundings
from workers.vm.jobs import Ending

Ended = tuple[Ending, str]
_RELEASE_SECONDS: Final = 30.0
_LOOK_SECONDS: Final = 0.1


def do(around: Surroundings, job: jobs.ChangeDevice) -> Ended:
    """Plug a device in or out."""
    connection = open_libvirt(around.uri)
    try:
        domain = find(connection, job.uuid)
        if domain is None:
            return Ending.REFUSED, "it does not run here"
        return _change(domain, job)
    except libvirt.libvirtError as error:
        return ending_of(error)


def _change(domain: Any, job: jobs.ChangeDevice) -> Ended:
    try:
        is_there = has_device(domain.XMLDesc(0), job.xml)
    except ElementTree.ParseError as error:
        return Ending.REFUSED, f"the device is no XML: {error}"
    if is_there == job.is_attach:
        return Ending.DONE, ""
    if job.is_attach:
        domain.attachDeviceFlags(job.xml, libvirt.VIR_DOMAIN_AFFECT_LIVE)
        return Ending.DONE, ""
    domain.detachDeviceFlags(job.xml, libvirt.VIR_DOMAIN_AFFECT_LIVE)
    return _wait_until_out(domain, job.xml)


def _wait_until_out(domain: Any, xml: str) -> Ended:
    deadline = Deadline.after(_RELEASE_SECONDS)
    while has_device(domain.XMLDesc(0), xml):
        if deadline.is_over:
            return Ending.FAILED, "the guest does not let the device go"
        SYSTEM_CLOCK.sleep(_LOOK_SECONDS)
    return Ending.DONE, ""

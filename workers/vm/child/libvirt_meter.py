"""The meter: asks libvirt for the statistics of all VMs, every few seconds.

Invariant: it says that it asks before it does, so that its owner sees when it hangs. The first to
ask a guest whose process answers nothing hangs, whatever it asks for; from then on libvirt leaves
that guest out at once. So the meter is killed once per frozen guest, and the next one has figures
of all the others.
"""

from typing import Any, Final

import libvirt

from runtime.clock import SYSTEM_CLOCK
from runtime.errors import Unavailable
from workers.vm.child.libvirt_connection import open_libvirt
from workers.vm.child.stats_values import is_complete, values
from workers.vm.child.telling import say
from workers.vm.job_lines import Surroundings
from workers.vm.sight_lines import Reading, write_reading

_SECONDS: Final = 5.0
_AFTER_TROUBLE_SECONDS: Final = 2.0
_ASKED: Final = (
    libvirt.VIR_DOMAIN_STATS_STATE
    | libvirt.VIR_DOMAIN_STATS_CPU_TOTAL
    | libvirt.VIR_DOMAIN_STATS_BALLOON
    | libvirt.VIR_DOMAIN_STATS_VCPU
    | libvirt.VIR_DOMAIN_STATS_INTERFACE
    | libvirt.VIR_DOMAIN_STATS_BLOCK
)
_HOW: Final = (
    libvirt.VIR_CONNECT_GET_ALL_DOMAINS_STATS_ACTIVE
    | libvirt.VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT
)
_HELD: Final = (libvirt.VIR_DOMAIN_PAUSED_MIGRATION, libvirt.VIR_DOMAIN_PAUSED_STARTING_UP)


def measure(around: Surroundings) -> None:
    """Measure for ever."""
    while True:
        try:
            _measure_on(open_libvirt(around.uri))
        except (libvirt.libvirtError, Unavailable):
            # That libvirt is away is the watcher's to tell.
            SYSTEM_CLOCK.sleep(_AFTER_TROUBLE_SECONDS)


def _measure_on(connection: Any) -> None:
    while True:
        at = SYSTEM_CLOCK.now()
        say(write_reading(Reading(at=at, is_asking=True)))
        say(write_reading(_reading(at, connection.getAllDomainStats(_ASKED, _HOW))))
        SYSTEM_CLOCK.sleep(_SECONDS - (SYSTEM_CLOCK.now() - at))


def _reading(at: float, records: list[tuple[Any, dict[str, Any]]]) -> Reading:
    answered, silent = {}, []
    for domain, record in records:
        if is_complete(record):
            answered[domain.UUIDString()] = values(record)
        elif not _is_held(record):
            silent.append(domain.UUIDString())
    return Reading(at=at, values=answered, silent=tuple(silent))


def _is_held(record: dict[str, Any]) -> bool:
    """Whether a migration has it: then libvirt answers for it only when that is over."""
    is_paused = record.get("state.state") == libvirt.VIR_DOMAIN_PAUSED
    return is_paused and record.get("state.reason") in _HELD

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
from workers.vm.child.live_xml import device_names
from workers.vm.child.stats_values import devices_of, is_complete, values
from workers.vm.child.telling import say
from workers.vm.job_lines import Surroundings
from workers.vm.sight_lines import Reading, write_reading

_SECONDS: Final = 5.0
_AFTER_TROUBLE_SECONDS: Final = 2.0
_NAMES_KEPT_ROUNDS: Final = 12
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
    names = _Names()
    while True:
        at = SYSTEM_CLOCK.now()
        say(write_reading(Reading(at=at, is_asking=True)))
        say(write_reading(_reading(at, connection.getAllDomainStats(_ASKED, _HOW), names)))
        SYSTEM_CLOCK.sleep(_SECONDS - (SYSTEM_CLOCK.now() - at))


def _reading(at: float, records: list[tuple[Any, dict[str, Any]]], names: "_Names") -> Reading:
    answered, silent = {}, []
    for domain, record in records:
        if is_complete(record):
            answered[domain.UUIDString()] = values(record, names.of(domain, devices_of(record)))
        elif not _is_held(record):
            silent.append(domain.UUIDString())
    names.end_round()
    return Reading(at=at, values=answered, silent=tuple(silent))


class _Names:
    """What the devices of VMs are called elsewhere; definitions are read when one is unknown, and
    all now and then, since a device may be swapped for another of the same name."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, int], dict[str, str]] = {}
        self._rounds = 0

    def of(self, domain: Any, devices: set[str]) -> dict[str, str]:
        """Return the names of a VM's devices."""
        key = (domain.UUIDString(), domain.ID())
        known = self._known.get(key, {})
        if not devices <= known.keys():
            try:
                known = self._known[key] = device_names(domain.XMLDesc(0))
            except libvirt.libvirtError:
                return known  # it has just ended
        return known

    def end_round(self) -> None:
        """Forget all from time to time, those of VMs that are gone among them."""
        self._rounds += 1
        if self._rounds % _NAMES_KEPT_ROUNDS == 0:
            self._known.clear()


def _is_held(record: dict[str, Any]) -> bool:
    """Whether a migration has it: then libvirt answers for it only when that is over."""
    is_paused = record.get("state.state") == libvirt.VIR_DOMAIN_PAUSED
    return is_paused and record.get("state.reason") in _HELD

"""The watcher: says at once and once a second which VMs are here and how they are.

Invariant: it asks only what libvirt knows by itself; a guest whose process answers nothing is seen
like any other. When libvirt stops the watcher hangs with it, says nothing more, and is replaced;
when libvirt ends it says so and tries again for ever.
"""

import threading
from typing import Any, Final

import libvirt

from runtime.clock import SYSTEM_CLOCK
from runtime.errors import Unavailable
from workers.vm.child.domain_states import local_state, pause
from workers.vm.child.end_log import EndLog
from workers.vm.child.libvirt_connection import open_libvirt
from workers.vm.child.live_xml import Description, describe
from workers.vm.child.lost import LostVms
from workers.vm.child.processes import came_by_migration
from workers.vm.child.telling import say
from workers.vm.job_lines import Surroundings
from workers.vm.local import LocalState, LocalVm, Pause, VmEnd
from workers.vm.sight_lines import Look, write_look

_SECONDS: Final = 1.0
_OPEN_SECONDS: Final = 3.0
"""Less than our owner's patience: a libvirt that hangs is named."""
_SOONEST_SECONDS: Final = 0.02
"""Between two looks, however many events there are."""
_DESCRIBED_EVERY: Final = 5
"""Each definition is read again after so many looks: not every change of one is an event."""
_EVENTS: Final = (
    libvirt.VIR_DOMAIN_EVENT_ID_LIFECYCLE,
    libvirt.VIR_DOMAIN_EVENT_ID_IO_ERROR,
    libvirt.VIR_DOMAIN_EVENT_ID_DEVICE_ADDED,
    libvirt.VIR_DOMAIN_EVENT_ID_DEVICE_REMOVED,
    libvirt.VIR_DOMAIN_EVENT_ID_BALLOON_CHANGE,
)
_ASKED: Final = libvirt.VIR_DOMAIN_STATS_STATE
_HOW: Final = (
    libvirt.VIR_CONNECT_GET_ALL_DOMAINS_STATS_ACTIVE
    | libvirt.VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT
)


def watch(around: Surroundings) -> None:
    """Watch for ever."""
    log, lost = EndLog(around.log_directory), LostVms()
    while True:
        try:
            _Watch(open_libvirt(around.uri, _OPEN_SECONDS), log, lost).run()
        except (libvirt.libvirtError, Unavailable) as error:
            say(write_look(Look(at=SYSTEM_CLOCK.now(), trouble=str(error))))
        SYSTEM_CLOCK.sleep(_SECONDS)


class _Watch:
    """One connection."""

    def __init__(self, connection: Any, log: EndLog, lost: LostVms) -> None:
        self._connection = connection
        self._log = log
        self._lost = lost
        self._event = threading.Event()
        self._dirty: set[str] = set()
        self._descriptions: dict[tuple[str, int], Description] = {}
        self._said: tuple[LocalVm, ...] | None = None
        self._looks = 0

    def run(self) -> None:
        """Look until the connection breaks."""
        for event in _EVENTS:
            self._connection.domainEventRegisterAny(None, event, self._take_event, None)
        while True:
            self._event.clear()
            self._look()
            SYSTEM_CLOCK.sleep(_SOONEST_SECONDS)
            self._event.wait(_SECONDS - _SOONEST_SECONDS)

    def _take_event(self, _connection: Any, domain: Any, *_rest: Any) -> None:
        self._dirty.add(domain.UUIDString())
        self._event.set()

    def _look(self) -> None:
        at = SYSTEM_CLOCK.now()
        vms = tuple(self._local_vms())
        vms += tuple(self._lost.beside({vm.uuid for vm in vms}))
        ended = self._log.ended_since({vm.uuid: vm.name for vm in vms})
        is_same = vms == self._said and not ended
        self._said = vms
        say(write_look(Look(at=at, is_same=True) if is_same else _look(at, vms, ended)))

    def _local_vms(self) -> list[LocalVm]:
        dirty, self._dirty = self._dirty, set()
        self._looks += 1
        found = []
        known: dict[tuple[str, int], Description] = {}
        for number, (domain, record) in enumerate(self._connection.getAllDomainStats(_ASKED, _HOW)):
            uuid, key = domain.UUIDString(), (domain.UUIDString(), domain.ID())
            is_due = (number + self._looks) % _DESCRIBED_EVERY == 0 or uuid in dirty
            old = None if is_due else self._descriptions.get(key)
            try:
                known[key] = old or describe(domain.XMLDesc(0))
            except libvirt.libvirtError:
                continue  # it ended between the two questions
            found.append(_local_vm(domain.name(), uuid, record, known[key]))
        self._descriptions = known
        return found


def _local_vm(name: str, uuid: str, record: dict[str, int], description: Description) -> LocalVm:
    code, reason = record.get("state.state", 0), record.get("state.reason", 0)
    state = local_state(code)
    held = pause(reason) if state is LocalState.PAUSED else Pause.NONE
    if held is Pause.USER and came_by_migration(uuid):
        # A copy that was received whole and not yet let go looks so.
        held = Pause.MOVE
    return LocalVm(uuid=uuid, name=name, state=state, pause=held, **description)


def _look(at: float, vms: tuple[LocalVm, ...], ended: dict[str, VmEnd]) -> Look:
    return Look(at=at, vms=vms, ended=ended)

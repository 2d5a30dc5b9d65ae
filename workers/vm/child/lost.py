"""VMs whose process runs here although libvirt does not know them.

Libvirt never ends them, and a look that has only what libvirt knows would call them off. They are
shown as what has crashed and is still there: whoever owns such a VM ends it before all else.

Invariant: one is lost only when two looks in a row found it so, some seconds apart: a VM that is
about to be known, or at its end, is not.
"""

from collections.abc import Callable, Collection, Mapping
from typing import Final

from runtime.clock import SYSTEM_CLOCK, Clock, later
from workers.vm.child import processes
from workers.vm.local import LocalState, LocalVm

_SECONDS: Final = 4.0
"""Between two looks at all processes, which cost some milliseconds."""


class LostVms:
    """Remembers which were found."""

    def __init__(
        self,
        find: Callable[[], Mapping[str, str]] = processes.find_vms,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        self._find = find
        self._clock = clock
        self._next_at = clock.now()
        self._before: frozenset[str] = frozenset()
        self._lost: dict[str, str] = {}

    def beside(self, known: Collection[str]) -> list[LocalVm]:
        """Return the lost ones beside those that libvirt knows now."""
        if self._clock.now() >= self._next_at:
            self._next_at = later(self._clock.now(), _SECONDS)
            there = {uuid: name for uuid, name in self._find().items() if uuid not in known}
            self._lost = {uuid: name for uuid, name in there.items() if uuid in self._before}
            self._before = frozenset(there)
        return [
            LocalVm(uuid=uuid, name=name, state=LocalState.CRASHED)
            for uuid, name in sorted(self._lost.items())
            if uuid not in known
        ]

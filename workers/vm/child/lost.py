"""VMs whose process runs here although libvirt does not know them.

Libvirt never ends them, and a look that has only what libvirt knows would call them off. They are
shown as what has crashed and is still there: whoever owns such a VM ends it before all else.

Invariants: one is lost only when two looks in a row found it so, some seconds apart: a VM that is
about to be known, or at its end, is not. Until then one that was known is shown as at its end: it
is not gone before its process is.
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
        self._known: frozenset[str] | None = None
        self._before: frozenset[str] = frozenset()
        self._lost: frozenset[str] = frozenset()
        self._ending: dict[str, str] = {}

    def beside(self, known: Collection[str]) -> list[LocalVm]:
        """Return the lost ones, and those that end, beside those that libvirt knows now."""
        now, before, self._known = self._clock.now(), self._known, frozenset(known)
        vanished = frozenset() if before is None else before - self._known
        is_due = now >= self._next_at
        if is_due or vanished or self._ending:
            there = {uuid: name for uuid, name in self._find().items() if uuid not in known}
            # Of what a first look finds nobody knows how long it is lost.
            shown = there if before is None else vanished | self._ending.keys() | self._lost
            if is_due:
                self._next_at = later(now, _SECONDS)
                self._lost, self._before = self._before & there.keys(), frozenset(there)
            self._ending = {u: name for u, name in there.items() if u in self._lost or u in shown}
        return [
            LocalVm(uuid=uuid, name=name, state=self._state(uuid))
            for uuid, name in sorted(self._ending.items())
            if uuid not in known
        ]

    def _state(self, uuid: str) -> LocalState:
        return LocalState.CRASHED if uuid in self._lost else LocalState.ENDING

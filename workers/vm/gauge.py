"""The meter as the worker has it: keeps the last figures of each VM, and knows the frozen ones.

Invariant: a figure is never shown under a newer time than its own.
"""

from collections.abc import Collection
from typing import Final

from runtime.clock import Clock, Instant
from workers.vm.child_lines import Garbled
from workers.vm.local import Statistics, VmStatistics
from workers.vm.sight_lines import Reading, read_reading
from workers.vm.standing_child import StandingChild

BLOCKED_SECONDS: Final = 3.0
"""A question that takes longer was put to a guest whose process answers nothing."""
_SILENT_SECONDS: Final = 12.0
"""A meter that says nothing at all for so long hangs elsewhere."""
_FROZEN_SECONDS: Final = 10.0
"""Silent to two questions in a row: one may have come while it was being started."""
_BUSY_SECONDS: Final = 20.0
"""A VM that a job of ours is at may be busy with that for so long."""


class Gauge:
    """What is measured of the VMs."""

    def __init__(self, child: StandingChild, clock: Clock) -> None:
        self._child = child
        self._clock = clock
        self._vms: dict[str, VmStatistics] = {}
        self._silent_since: dict[str, Instant] = {}
        self._asked_at: Instant | None = None
        """When the question was put that is not answered yet."""

    def statistics(self, busy: Collection[str], here: Collection[str]) -> Statistics:
        """Return the last figures; `busy` are VMs that a job is at, `here` all there are."""
        try:
            for line in self._child.hear():
                self._take(read_reading(line))
        except Garbled as error:
            self._child.replace(str(error))
        self._mind_silence()
        self._vms = {uuid: known for uuid, known in self._vms.items() if uuid in here}
        # One that ended and is back is another process.
        self._silent_since = {uuid: at for uuid, at in self._silent_since.items() if uuid in here}
        now = self._clock.now()
        return Statistics(
            vms=dict(self._vms),
            frozen_since={
                uuid: since
                for uuid, since in self._silent_since.items()
                if now - since >= (_BUSY_SECONDS if uuid in busy else _FROZEN_SECONDS)
            },
        )

    def close(self) -> None:
        """End the meter."""
        self._child.close()

    def _mind_silence(self) -> None:
        now, heard_at = self._clock.now(), self._child.heard_at
        if heard_at is None:
            self._asked_at = None
        elif self._asked_at is not None and now - heard_at >= BLOCKED_SECONDS:
            self._asked_at = None
            self._child.replace(f"its question was not answered for {BLOCKED_SECONDS:g} s")
        elif now - heard_at >= _SILENT_SECONDS:
            self._child.replace(f"it said nothing for {_SILENT_SECONDS:g} s")

    def _take(self, reading: Reading) -> None:
        at = Instant(reading.at)
        if reading.is_asking:
            self._asked_at = at
            return
        self._asked_at = None
        for uuid, values in reading.values.items():
            self._vms[uuid] = VmStatistics(at=at, values=values)
        # Silent since the question before this one at the earliest: that one may have hung.
        self._silent_since = {uuid: self._silent_since.get(uuid, at) for uuid in reading.silent}

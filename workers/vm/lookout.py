"""The watcher as the worker has it: keeps the last look, and notes since when there is none.

Invariant: what is kept is a look at everything at one instant, however old, and says when it was.
"""

from typing import Final

from runtime.clock import Clock, Instant
from workers.vm.child_lines import Garbled
from workers.vm.local import LocalVm, Sight, VmEnd
from workers.vm.sight_lines import Look, read_look
from workers.vm.standing_child import StandingChild

SILENCE_SECONDS: Final = 4.0
"""A watcher that says nothing for so long hangs: libvirt does."""
_ENDS_KEPT: Final = 500
_HANGS: Final = "libvirt does not answer"


class Lookout:
    """What is seen of the hypervisor."""

    def __init__(self, child: StandingChild, clock: Clock) -> None:
        self._child = child
        self._clock = clock
        self._at: Instant | None = None
        self._vms: dict[str, LocalVm] = {}
        self._ended: dict[str, VmEnd] = {}
        self._trouble = ""
        self._trouble_since: Instant | None = None

    def sight(self) -> Sight:
        """Return the last look."""
        try:
            for line in self._child.hear():
                self._take(read_look(line))
        except Garbled as error:
            # The next one begins with a whole look.
            self._note_trouble(f"the watcher of libvirt: {error}", self._clock.now())
            self._child.replace(str(error))
        self._mind_silence()
        return Sight(
            at=self._at,
            vms=dict(self._vms),
            ended=dict(self._ended),
            trouble=self._trouble,
            trouble_since=self._trouble_since,
        )

    def close(self) -> None:
        """End the watcher."""
        self._child.close()

    def _mind_silence(self) -> None:
        now, heard_at = self._clock.now(), self._child.heard_at
        if heard_at is not None and now - heard_at >= SILENCE_SECONDS:
            self._note_trouble(_HANGS, heard_at)
            self._child.replace(f"it said nothing for {SILENCE_SECONDS:g} s")

    def _take(self, look: Look) -> None:
        if look.trouble:
            self._note_trouble(look.trouble, Instant(look.at))
            return
        self._trouble, self._trouble_since = "", None
        self._at = Instant(look.at)
        if not look.is_same:
            self._vms = {vm.uuid: vm for vm in look.vms}
        kept = {**self._ended, **look.ended}
        recent = list(kept.items())[-_ENDS_KEPT:]
        self._ended = {uuid: end for uuid, end in recent if uuid not in self._vms}

    def _note_trouble(self, trouble: str, since: Instant) -> None:
        self._trouble = trouble
        self._trouble_since = self._trouble_since or since

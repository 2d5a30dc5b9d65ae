"""How far a live migration is, by libvirt's own count.

Invariant: it only looks, in a thread of its own: a count that does not come counts as no byte
moved.
"""

import threading
from typing import Any, Final

import libvirt

from runtime.clock import SYSTEM_CLOCK
from workers.vm.child.telling import say_percent

STALL_SECONDS: Final = 30.0
"""After so long without a byte it is broken off."""
_LOOK_SECONDS: Final = 0.5
_SOON_SECONDS: Final = 0.02
"""How often it is tried to set the downtime, which libvirt takes only once it sends."""


class Progress:
    """Watches one migration."""

    def __init__(self, domain: Any, max_downtime_ms: int) -> None:
        self._domain = domain
        self._max_downtime_ms = max_downtime_ms
        self._ended = threading.Event()
        self._moved = 0
        self._moved_at = SYSTEM_CLOCK.now()
        self._percent = 0

    def run(self) -> None:
        """Watch until told to end."""
        is_limited = False
        while not self._ended.wait(_LOOK_SECONDS if is_limited else _SOON_SECONDS):
            is_limited = is_limited or self._limit_downtime()
            try:
                self._look()
            except libvirt.libvirtError:
                # Between two phases libvirt has nothing to say; its death is seen by the call.
                continue

    def end(self) -> None:
        """Watch no longer."""
        self._ended.set()

    def stalled(self) -> str:
        """Say that nothing moves any more; empty while something does."""
        if SYSTEM_CLOCK.now() - self._moved_at < STALL_SECONDS:
            return ""
        return f"nothing was sent for {STALL_SECONDS:.0f} s"

    def _limit_downtime(self) -> bool:
        try:
            self._domain.migrateSetMaxDowntime(self._max_downtime_ms, 0)
        except libvirt.libvirtError:
            return False
        return True

    def _look(self) -> None:
        stats = self._domain.jobStats()
        moved = stats.get(libvirt.VIR_DOMAIN_JOB_DATA_PROCESSED, 0)
        if moved != self._moved:
            self._moved, self._moved_at = moved, SYSTEM_CLOCK.now()
        total = stats.get(libvirt.VIR_DOMAIN_JOB_DATA_TOTAL, 0)
        left = stats.get(libvirt.VIR_DOMAIN_JOB_DATA_REMAINING, 0)
        percent = min(99, 100 * (total - left) // total) if total else 0
        if percent > self._percent:
            self._percent = percent
            say_percent(percent)

"""Which VMs have ended since the last look, and how, from the files that libvirt writes.

Invariant: only the end of a file is read; a file that cannot be read makes an ending unknown, not
an error.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from runtime.clock import SYSTEM_CLOCK
from workers.vm.child.why_ended import has_ended, read_end, read_uuid
from workers.vm.local import VmEnd

_BYTES_READ: Final = 1 << 16
_RECENT_SECONDS: Final = 600.0
"""How long before the first look a VM may have ended to be told of."""


class EndLog:
    """Remembers who was here."""

    def __init__(self, directory: str) -> None:
        self._directory = Path(directory)
        self._here: dict[str, str] | None = None

    def ended_since(self, here: Mapping[str, str]) -> dict[str, VmEnd]:
        """Return how those ended that were here at the last call and are not now.

        `here`: name by UUID. The first call tells of those that ended a short while before.
        """
        before, self._here = self._here, dict(here)
        if before is None:
            return self._ended_before(here)
        return {
            uuid: read_end(self._tail(self._directory / f"{name}.log"))
            for uuid, name in before.items()
            if uuid not in here
        }

    def _ended_before(self, here: Mapping[str, str]) -> dict[str, VmEnd]:
        since = SYSTEM_CLOCK.wall().timestamp() - _RECENT_SECONDS
        try:
            recent = [file for file in self._directory.glob("*.log") if _changed(file) > since]
        except OSError:
            return {}
        logs = [self._tail(file) for file in recent]
        found = {read_uuid(log): read_end(log) for log in logs if has_ended(log)}
        return {uuid: end for uuid, end in found.items() if uuid and uuid not in here}

    def _tail(self, file: Path) -> str:
        try:
            with file.open("rb") as log:
                log.seek(max(0, _size(file) - _BYTES_READ))
                return log.read(_BYTES_READ).decode(errors="replace")
        except OSError:
            return ""


def _size(file: Path) -> int:
    return file.stat().st_size


def _changed(file: Path) -> float:
    try:
        return file.stat().st_mtime
    except OSError:
        return 0.0

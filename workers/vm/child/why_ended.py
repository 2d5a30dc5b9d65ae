"""How a VM ended, from what libvirt and QEMU wrote to its log; pure.

The log is written by others and its words are read leniently: what is not understood is UNKNOWN,
never an error.
"""

import re
from typing import Final

from workers.vm.local import EndKind, VmEnd

_ENDING: Final = re.compile(r"^\S+ \S+: shutting down, reason=(\S+)\s*$")
_BEGINNING: Final = re.compile(r"^\S+ \S+: starting up libvirt version")
_STAMP: Final = re.compile(r"^\d{4}-\d\d-\d\d[T ]\S+ ?\S*: ")
_NOISE: Final = ("char device redirected", "is tainted", "terminating on signal", "warning: ")
_LONGEST_REASON: Final = 300
_LAST_WORDS: Final = 2

_KINDS: Final = {
    "shutdown": EndKind.SHUTDOWN,
    "destroyed": EndKind.DESTROYED,
    "crashed": EndKind.CRASHED,
    "migrated": EndKind.MIGRATED,
    "failed": EndKind.FAILED,
    "daemon": EndKind.CRASHED,
}
_SENTENCES: Final = {
    EndKind.SHUTDOWN: "the guest powered off",
    EndKind.DESTROYED: "it was ended through libvirt",
    EndKind.CRASHED: "its QEMU process died or was killed",
    EndKind.MIGRATED: "it was migrated",
    EndKind.FAILED: "it did not come up",
    EndKind.UNKNOWN: "how it ended is not known",
}


def read_end(log: str) -> VmEnd:
    """Return how the VM ended whose log ends so."""
    lines = _last_run(log.splitlines())
    found = [match[1] for line in lines if (match := _ENDING.match(line))]
    kind = _KINDS.get(found[-1], EndKind.UNKNOWN) if found else EndKind.UNKNOWN
    words = "" if kind in (EndKind.SHUTDOWN, EndKind.MIGRATED) else _last_words(lines)
    reason = f"{_SENTENCES[kind]}: {words}" if words else _SENTENCES[kind]
    return VmEnd(kind=kind, reason=reason[:_LONGEST_REASON])


def read_uuid(log: str) -> str:
    """Return the UUID of the VM that was started last by this log; empty when it is not there."""
    found = re.findall(r"^-uuid ([0-9a-f-]{36})\b", log, re.MULTILINE)
    return found[-1] if found else ""


def has_ended(log: str) -> bool:
    """Whether the log's last start was followed by an end."""
    return any(_ENDING.match(line) for line in _last_run(log.splitlines()))


def _last_run(lines: list[str]) -> list[str]:
    """Return what was logged since its last start."""
    begins = [number for number, line in enumerate(lines) if _BEGINNING.match(line)]
    return lines[begins[-1] :] if begins else lines


def _last_words(lines: list[str]) -> str:
    """Return the last lines that QEMU itself wrote, without its command line."""
    said = [
        _STAMP.sub("", line).strip()
        for line in lines
        if "qemu-system" in line and not _is_noise(line)
    ]
    return "; ".join(said[-_LAST_WORDS:])


def _is_noise(line: str) -> bool:
    is_command = line.startswith(("/", "-", "LC_ALL")) or line.rstrip().endswith("\\")
    return is_command or any(word in line for word in _NOISE)

"""The QEMU processes of this machine, whatever libvirt thinks of them.

Invariant: a process that cannot be looked at is an error, never a process that is not there: that
a VM has none lets another copy of it go.
"""

import contextlib
import itertools
import os
import signal
from pathlib import Path
from typing import Final

_PROC: Final = Path("/proc")
_PROGRAMS: Final = (b"qemu", b"kvm")
"""One of these is in the name of whatever libvirt starts a VM with."""
_PF_EXITING: Final = 0x4
"""In the flags of /proc/PID/stat: the kernel is at taking the process down, for good."""
_STATE, _FLAGS = 0, 6
"""Places in /proc/PID/stat after the command's name."""


def find_qemu(uuid: str) -> int | None:
    """Return the process that runs a VM, None when there is none that could still run it."""
    return next((pid for pid in find_qemus(uuid) if not is_ending(pid)), None)


def find_qemus(uuid: str) -> list[int]:
    """Return the processes of a VM, those at their end included."""
    return [
        int(entry.name)
        for entry in _PROC.iterdir()
        if entry.name.isdigit() and _is_of(_words(entry), uuid)
    ]


def find_vms() -> dict[str, str]:
    """Return the VMs that have a process here that may run, name by UUID; not those of containers
    on this machine, which have a libvirt of their own."""
    found = {}
    for entry in _PROC.iterdir():
        words = _words(entry) if entry.name.isdigit() else []
        if not words or not _is_qemu(words) or not _is_among_us(entry):
            continue
        uuid = _after(words, b"-uuid")
        if uuid and not is_ending(int(entry.name)):
            found[uuid] = _after(words, b"-name").removeprefix("guest=").partition(",")[0]
    return found


def is_ending(pid: int) -> bool:
    """Whether a process is gone or will certainly not run another instruction of its program."""
    try:
        # The command's name stands in parentheses and may hold anything, also a parenthesis.
        fields = (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return True
    return fields[_STATE] in ("Z", "X") or bool(int(fields[_FLAGS]) & _PF_EXITING)


def came_by_migration(uuid: str) -> bool:
    """Whether a VM's process was started to receive it from another node."""
    return any(b"-incoming" in _words(_PROC / str(pid)) for pid in find_qemus(uuid))


def kill(pid: int, uuid: str) -> None:
    """Kill the process of a VM; another one that has got its number since is left alone."""
    with contextlib.suppress(ProcessLookupError):
        descriptor = os.pidfd_open(pid)
        try:
            if _is_of(_words(_PROC / str(pid)), uuid):
                signal.pidfd_send_signal(descriptor, signal.SIGKILL)
        finally:
            os.close(descriptor)


def _is_of(words: list[bytes], uuid: str) -> bool:
    return _is_qemu(words) and (b"-uuid", uuid.encode()) in itertools.pairwise(words)


def _is_qemu(words: list[bytes]) -> bool:
    # Debian's /usr/bin/kvm is a link to QEMU, and libvirt calls it by the name in the definition.
    return any(name in words[0] for name in _PROGRAMS)


def _is_among_us(entry: Path) -> bool:
    try:
        return (entry / "ns/pid").readlink() == (_PROC / "self/ns/pid").readlink()
    except (FileNotFoundError, ProcessLookupError):
        return False


def _after(words: list[bytes], option: bytes) -> str:
    found = (value for word, value in itertools.pairwise(words) if word == option)
    return next(found, b"").decode(errors="replace")


def _words(entry: Path) -> list[bytes]:
    try:
        return (entry / "cmdline").read_bytes().split(b"\0")
    except (FileNotFoundError, ProcessLookupError):
        return [b""]

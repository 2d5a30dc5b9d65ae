"""One file of a console's log, held open.

Invariants: what is not a regular file is never opened, so nothing here blocks; as long as a file is
held its inode number is nobody else's, however often it is renamed or removed.
"""

import os
import stat
import zlib
from pathlib import Path
from typing import Final

from runtime.errors import Refused

Identity = tuple[int, int]
"""Device and inode number."""

_FLAGS: Final = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_MARK_BYTES: Final = 256


class NotALogFile(Refused):
    """There is something in the place of the log that cannot be read as one."""

    code = "not_a_log_file"


class LogFile:
    """A regular file, open for reading."""

    def __init__(self, path: str, descriptor: int) -> None:
        self._path = path
        self._descriptor = descriptor
        found = os.fstat(descriptor)
        self.identity: Identity = (found.st_dev, found.st_ino)
        self.inode = found.st_ino

    def size(self) -> int:
        """Return how many bytes it has now."""
        return os.fstat(self._descriptor).st_size

    def written_at(self) -> int:
        """Return when it was written last, in the file system's nanoseconds."""
        return os.fstat(self._descriptor).st_mtime_ns

    def read(self, start: int, length: int) -> bytes:
        """Return these bytes, or fewer where the file ends; raises `NotALogFile`."""
        parts = []
        try:
            while length > 0 and (part := os.pread(self._descriptor, length, start)):
                parts.append(part)
                start += len(part)
                length -= len(part)
        except OSError as error:
            raise _not_readable(self._path, error) from error
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def mark(self, offset: int) -> int:
        """Return a checksum of the last bytes before an offset."""
        start = max(0, offset - _MARK_BYTES)
        return zlib.crc32(self.read(start, offset - start))

    def close(self) -> None:
        """Let it go."""
        os.close(self._descriptor)


def open_log(path: str) -> LogFile | None:
    """Open a file, None when there is none; raises `NotALogFile`."""
    try:
        _check_regular(path, Path(path).stat().st_mode)
        descriptor = os.open(path, _FLAGS)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _not_readable(path, error) from error
    except ValueError as error:  # a zero byte
        raise NotALogFile(f"{path!r} cannot be the name of a file") from error
    try:
        _check_regular(path, os.fstat(descriptor).st_mode)
    except NotALogFile:
        os.close(descriptor)
        raise
    return LogFile(path, descriptor)


def identity_at(path: str) -> Identity | None:
    """Return which file is at a path, None when there is none that can be seen."""
    try:
        found = Path(path).stat()
    except (OSError, ValueError):
        return None
    return found.st_dev, found.st_ino


def _check_regular(path: str, mode: int) -> None:
    if not stat.S_ISREG(mode):
        raise NotALogFile(
            f"{path} is no regular file, so the console is not read; remove it and restart the VM",
            path=path,
        )


def _not_readable(path: str, error: OSError) -> NotALogFile:
    return NotALogFile(f"{path} cannot be read: {error.strerror}", path=path)

"""Which files follow one another when a log is rotated.

`<path>.0` or `<path>.1` is the youngest of those that were renamed, higher numbers are older; the
log itself is the youngest of all. That is how virtlogd and logrotate both number them.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from workers.console.log_file import Identity, LogFile, NotALogFile, identity_at, open_log

_MOST_RENAMED: Final = 10
_ATTEMPTS: Final = 5
"""It may be rotated again while we look."""


def generation(path: str) -> list[str]:
    """Return the names that files of this log may have, the oldest first."""
    return [*(f"{path}.{number}" for number in range(_MOST_RENAMED - 1, -1, -1)), path]


def successors(path: str, newest: LogFile) -> list[LogFile]:
    """Return the files that came after one, in order; raises `NotALogFile`.

    Where that one is gone those count that were written after it.
    """
    return _files(path, newest.identity, newest.written_at())


def files_since(path: str, written_at: int) -> list[LogFile]:
    """Return the files that were written since, in order, and the log itself in any case; raises
    `NotALogFile`."""
    return _files(path, None, written_at)


def _files(path: str, after: Identity | None, written_at: int) -> list[LogFile]:
    names = generation(path)
    for _ in range(_ATTEMPTS):
        before = [identity_at(name) for name in names]
        is_gone = after is None or after not in before
        begin = 0 if is_gone else before.index(after) + 1
        found = _opened(path, names[begin:])
        if [identity_at(name) for name in names] == before:
            return _young_enough(path, found, written_at) if is_gone else [*found.values()]
        _close(found.values())
    return []


def _opened(path: str, names: Iterable[str]) -> dict[str, LogFile]:
    found: dict[str, LogFile] = {}
    for name in names:
        try:
            file = open_log(name)
        except NotALogFile:
            if name != path:
                continue
            _close(found.values())
            raise
        if file is not None:
            found[name] = file
    return found


def _young_enough(path: str, found: Mapping[str, LogFile], since: int) -> list[LogFile]:
    old = {n: file for n, file in found.items() if n != path and file.written_at() < since}
    _close(old.values())
    return [file for name, file in found.items() if name not in old]


def _close(files: Iterable[LogFile]) -> None:
    for file in files:
        file.close()

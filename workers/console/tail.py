"""The end of a console's log file, over rotation, truncation and restarts of ours.

Invariants: only what was appended is read, a bounded part at a time; a line is given again until
it is confirmed and never after; lines that are left out are counted. Nothing here raises for what
somebody did to the file: `trouble` says it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from cluster.model.log import FilePlace
from runtime.clock import Instant, later
from workers.console.harmless import text_of
from workers.console.log_file import LogFile, NotALogFile, identity_at, open_log
from workers.console.rotation import files_since, successors
from workers.console.taking import Bounds, Taken, take

TURN_BYTES: Final = 8 * 1024 * 1024
"""The most that is read of one VM at a time."""
FIRST_BYTES: Final = 1024 * 1024
"""Of a file that was never looked at so much of its end is read."""
QUIET_SECONDS: Final = 1.0
"""A line without an end, a prompt, is shown when nothing was added to it for this long."""
GROWING_SECONDS: Final = 5.0
"""One that grows all the time, after this long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What was read and is not confirmed yet."""

    lines: Sequence[str]
    skipped: int
    """Lines before them that are left out, since more came than are kept."""
    place: FilePlace
    files_done: int
    """How many files of the chain are read to their end."""
    is_all: bool
    """Whether there was no more when this was read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rest:
    """Bytes after the last line's end."""

    inode: int
    offset: int
    size: int
    since: Instant
    grown_at: Instant

    def is_due(self, now: Instant) -> bool:
        quiet, growing = later(self.grown_at, QUIET_SECONDS), later(self.since, GROWING_SECONDS)
        return now >= min(quiet, growing)


class Tail:
    """Reads one console's log."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._chain: list[LogFile] = []
        """The file that is read, and those that came after it."""
        self._offset = 0
        self._mark = 0
        self._rest: _Rest | None = None
        self._place: FilePlace | None = None
        self.trouble = ""
        """Why it cannot be read; empty when it can, or is not there yet."""

    def resume(self, place: FilePlace | None) -> None:
        """Say where to begin; None: nothing of it was ever stored."""
        self._place = place

    def look(self, now: Instant) -> bool:
        """Whether there is something to read."""
        try:
            return self._open() and self._has_news(now)
        except NotALogFile as error:
            self.trouble = error.message
            return False

    def is_read(self) -> bool:
        """Whether all that is there was confirmed, or none of it can be read."""
        try:
            if not self._open():
                return True
            self._follow()
            return len(self._chain) == 1 and self._chain[0].size() == self._offset
        except NotALogFile as error:
            self.trouble = error.message
            return True

    def read(self, now: Instant, bounds: Bounds, *, is_last: bool = False) -> Reading | None:
        """Return what was appended, None when it cannot be read; `is_last`: with what has no end
        yet."""
        try:
            return self._read(now, bounds, is_last=is_last) if self._open() else None
        except NotALogFile as error:
            self.trouble = error.message
            return None

    def confirm(self, reading: Reading) -> None:
        """Go on after what was read: it is stored."""
        for file in self._chain[: reading.files_done]:
            file.close()
        del self._chain[: reading.files_done]
        self._offset, self._mark = reading.place.offset, reading.place.mark

    def close(self) -> None:
        """Let the files go."""
        for file in self._chain:
            file.close()
        self._chain.clear()

    def _open(self) -> bool:
        if not self._chain:
            self._find()
            self.trouble = ""
        return bool(self._chain)

    def _find(self) -> None:
        """Find the file that was read last, or begin with the one that is there now."""
        place = self._place
        if place is None:
            if (file := open_log(self._path)) is not None:
                self._begin([file], _near_end(file))
            return
        files = files_since(self._path, place.written_at)
        known = [n for n, file in enumerate(files) if file.inode == place.inode]
        known += [n for n in range(len(files) - 1) if n not in known]  # it may be a copy
        for number in known:
            if _is_at(files[number], place):
                for older in files[:number]:
                    older.close()
                self._begin(files[number:], place.offset)
                return
        if files:
            self._begin(files, 0)

    def _begin(self, files: list[LogFile], offset: int) -> None:
        self._chain, self._offset, self._mark = files[:1], offset, files[0].mark(offset)
        self._add(files[1:])

    def _add(self, files: list[LogFile]) -> None:
        """Add what came after; an empty file may yet be only a name, while what goes on is
        written to the file before."""
        for file in files:
            if file.size():
                self._chain.append(file)
            else:
                file.close()

    def _has_news(self, now: Instant) -> bool:
        size, rest = self._chain[0].size(), self._rest
        if len(self._chain) > 1:
            return True
        if size != self._offset and (rest is None or rest.size != size or rest.is_due(now)):
            return True
        return self._follow() and len(self._chain) > 1

    def _follow(self) -> bool:
        """Add the files that came after the newest we have."""
        newest = self._chain[-1]
        there = identity_at(self._path)
        if there is None or there == newest.identity:
            self.trouble = ""
            return False
        self._add(successors(self._path, newest))
        self.trouble = ""
        return True

    def _read(self, now: Instant, bounds: Bounds, *, is_last: bool) -> Reading:
        try:
            self._follow()
        except NotALogFile as error:  # what we hold is read all the same
            self.trouble = error.message
        self._notice_truncation()
        lines: list[bytes] = []
        skipped, left, index, taken = 0, TURN_BYTES, 0, Taken(end=self._offset)
        while True:
            file, start = self._chain[index], taken.end
            is_newest = index == len(self._chain) - 1
            size = file.size()
            end = min(size, start + left)
            with_rest = end == size and (
                not is_newest or is_last or self._rest_is_due(file, start, now)
            )
            taken = take(file, start, end, bounds, with_rest=with_rest)
            if taken.skipped:
                skipped += len(lines) + taken.skipped
                lines = []
            lines += taken.lines
            left -= end - start
            if is_newest or taken.end < size or left <= 0:
                break
            index, taken = index + 1, Taken(end=0)
        if is_newest:
            self._note_rest(file, taken.end, size, now)
        kept = _within([text_of(line) for line in lines], bounds)
        return Reading(
            lines=kept,
            skipped=skipped + len(lines) - len(kept),
            place=_place(file, taken.end),
            files_done=index,
            is_all=is_newest and end == size,
        )

    def _notice_truncation(self) -> None:
        file = self._chain[0]
        if file.size() < self._offset or file.mark(self._offset) != self._mark:
            self._begin_again(file)

    def _begin_again(self, file: LogFile) -> None:
        self._offset, self._mark, self._rest = 0, file.mark(0), None

    def _rest_is_due(self, file: LogFile, start: int, now: Instant) -> bool:
        rest = self._rest
        is_it = rest is not None and (rest.inode, rest.offset) == (file.inode, start)
        return is_it and rest is not None and rest.is_due(now)

    def _note_rest(self, file: LogFile, offset: int, size: int, now: Instant) -> None:
        before, where = self._rest, (file.inode, offset)
        if offset >= size:
            self._rest = None
        elif before is None or (before.inode, before.offset) != where:
            self._rest = _Rest(inode=file.inode, offset=offset, size=size, since=now, grown_at=now)
        elif before.size != size:
            self._rest = replace(before, size=size, grown_at=now)


def _is_at(file: LogFile, place: FilePlace) -> bool:
    """Whether this is the file of which so much was stored."""
    return file.size() >= place.offset and file.mark(place.offset) == place.mark


def _place(file: LogFile, offset: int) -> FilePlace:
    return FilePlace(
        inode=file.inode, offset=offset, mark=file.mark(offset), written_at=file.written_at()
    )


def _near_end(file: LogFile) -> int:
    """Return where a line begins, not too far from the end."""
    start = max(0, file.size() - FIRST_BYTES)
    return start + file.read(start, FIRST_BYTES).find(b"\n") + 1 if start else 0


def _within(lines: list[str], bounds: Bounds) -> list[str]:
    """Return the last lines that are within the bounds."""
    left, first = bounds.bytes, len(lines)
    while first > max(0, len(lines) - bounds.lines):
        left -= len(lines[first - 1].encode()) + 1
        if left < 0:
            break
        first -= 1
    return lines[first:]

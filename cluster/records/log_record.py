"""A log in the tree, a node's or a VM's console: numbered lines in chunks.

Invariant: a line's number never changes. Only the last chunk grows and only the oldest are removed,
so a new line costs one small write, and a reader that follows knows whether it has lost lines. What
is there is without a gap: where lines were skipped, those before them are removed.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from cluster.model.log import Log, NumberedLine
from cluster.records.view import TreeView
from cluster.schema import codec
from cluster.schema.layout import Layout
from cluster.schema.logchunk import CHUNK_BYTES, CHUNK_LINES, chunk_name, first_number, one_line
from cluster.store.store import Change, Create, Delete, Write


@dataclass(frozen=True, slots=True)
class LogKeys:
    """Where a log is."""

    top: str
    """The parent of its chunks."""

    def chunk(self, first: int) -> str:
        """Return the path of the chunk whose first line has this number."""
        return f"{self.top}/{chunk_name(first)}"


def of_node(layout: Layout, node: str) -> LogKeys:
    """Return where the log of a node is."""
    return LogKeys(layout.path("node.log", node=node))


def of_console(layout: Layout, vm: str) -> LogKeys:
    """Return where the console log of a VM is, by its UUID."""
    return LogKeys(layout.path("vm.console", vm=vm))


@dataclass(frozen=True, slots=True)
class Tail:
    """What the writer of a log remembers of it."""

    chunks: tuple[int, ...] = ()
    """First line numbers of the chunks, in order."""
    last: tuple[str, ...] = ()
    """Lines of the last chunk."""

    @property
    def next_number(self) -> int:
        """Number of the next line."""
        return self.chunks[-1] + len(self.last) if self.chunks else 0


def append(
    keys: LogKeys, tail: Tail, lines: Iterable[str], *, keep_lines: int, skipped: int = 0
) -> tuple[Tail, list[Change]]:
    """Return the changes that append lines and drop the oldest, and the tail once they are made.

    `skipped` lines before them have a number and are not there. The changes are one transaction.
    When it fails for another reason than the connection, read the tail again: somebody has changed
    the log.
    """
    added = [one_line(line) for line in lines]
    if not added:
        return tail, []
    number = tail.next_number + skipped
    after, written = _grown(Tail() if skipped else tail, number, added)
    changes = [_put(keys, tail, first, kept) for first, kept in written.items()]
    return _dropped(keys, after, keep_lines, tail.chunks if skipped else (), changes)


def read(view: TreeView, keys: LogKeys, *, last: int | None = None, start: int = 0) -> Log | None:
    """Return the last so many lines of a log that are numbered `start` or more; None when there is
    no such log."""
    names = view.children(keys.top)
    if view.get(keys.top) is None or names is None:
        return None
    chunks = chunk_numbers(names)
    if not chunks:
        return Log()
    end = chunks[-1] + len(lines_of(view.get(keys.chunk(chunks[-1]))))
    begin = max(start, chunks[0], end - last if last is not None else 0)
    lines = [
        NumberedLine(number, text)
        for first in chunks_from(chunks, begin)
        for number, text in enumerate(lines_of(view.get(keys.chunk(first))), first)
        if number >= begin
    ]
    return Log(lines=tuple(lines), next_number=end, first_kept=chunks[0])


def chunk_numbers(names: Iterable[str]) -> tuple[int, ...]:
    """Return the first line numbers of the chunks among the keys below a log, in order."""
    return tuple(sorted(n for name in names if (n := first_number(name)) is not None))


def chunks_from(chunks: Sequence[int], number: int) -> Sequence[int]:
    """Return the chunks that hold the line of this number and those after it."""
    return chunks[max(0, bisect_right(chunks, number) - 1) :]


def lines_of(data: bytes | None) -> tuple[str, ...]:
    """Return the lines in a chunk."""
    return tuple(codec.read_text(data).split("\n")) if data else ()


def _grown(tail: Tail, number: int, lines: Sequence[str]) -> tuple[Tail, Mapping[int, list[str]]]:
    """Return the tail with more lines, numbered from `number` on, and the chunks that changed."""
    chunks, last = list(tail.chunks), list(tail.last)
    size = sum(len(line) + 1 for line in last)
    written: dict[int, list[str]] = {}
    for at, line in enumerate(lines, number):
        is_full = len(last) >= CHUNK_LINES or (last and size + len(line) > CHUNK_BYTES)
        if is_full or not chunks:
            chunks.append(at)
            last, size = [], 0
        last.append(line)
        size += len(line) + 1
        written[chunks[-1]] = last
    return Tail(tuple(chunks), tuple(last)), written


def _put(keys: LogKeys, before: Tail, first: int, lines: Sequence[str]) -> Change:
    data = codec.to_data("\n".join(lines))
    path = keys.chunk(first)
    return Write(path, data) if first in before.chunks[-1:] else Create(path, data)


def _dropped(
    keys: LogKeys, tail: Tail, keep_lines: int, gone: Sequence[int], changes: list[Change]
) -> tuple[Tail, list[Change]]:
    """Drop the chunks that are gone, and those that hold only lines older than the last
    `keep_lines`."""
    oldest = tail.next_number - keep_lines
    kept = max(0, min(len(tail.chunks) - 1, bisect_right(tail.chunks, oldest) - 1))
    paths = [keys.chunk(first) for first in (*gone, *tail.chunks[:kept])]
    new = {change.path for change in changes if isinstance(change, Create)}
    changes = [change for change in changes if change.path not in paths]
    changes += [Delete(path) for path in paths if path not in new]
    return replace(tail, chunks=tail.chunks[kept:]), changes

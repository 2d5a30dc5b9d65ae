"""A node's log in the tree: numbered lines in chunks.

Invariant: a line's number never changes. Only the last chunk grows and only the oldest is removed,
so a new line costs one small write, and a reader that follows knows whether it has lost lines.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from cluster.model.log import Log, NumberedLine
from cluster.records.view import TreeView
from cluster.schema import codec
from cluster.schema.layout import Layout
from cluster.schema.logchunk import CHUNK_BYTES, CHUNK_LINES, chunk_name, first_number, one_line
from cluster.store.store import Change, Create, Delete, Write


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


def read_tail(view: TreeView, layout: Layout, node: str) -> Tail:
    """Return what a writer must know to go on where another has stopped."""
    chunks = _chunks(view, layout, node)
    return Tail(chunks, _lines(view, layout, node, chunks[-1]) if chunks else ())


def append(
    layout: Layout, node: str, tail: Tail, lines: Iterable[str], *, keep_lines: int
) -> tuple[Tail, list[Change]]:
    """Return the changes that append lines and drop the oldest, and the tail once they are made.

    They are one transaction. When it fails for another reason than the connection, read the tail
    again: somebody has changed the log.
    """
    added = [one_line(line) for line in lines]
    after, written = tail, dict[int, tuple[str, ...]]()
    for line in added:
        after = _with_line(after, line)
        written[after.chunks[-1]] = after.last
    changes = [_put(layout, node, tail, first, kept) for first, kept in written.items()]
    return _dropped(layout, node, after, keep_lines, changes)


def read(
    view: TreeView, layout: Layout, node: str, *, last: int | None = None, start: int = 0
) -> Log | None:
    """Return the last so many lines of a log that are numbered `start` or more; None when the node
    has no log."""
    if view.get(layout.path("node.log", node=node)) is None:
        return None
    chunks = _chunks(view, layout, node)
    if not chunks:
        return Log()
    end = chunks[-1] + len(_lines(view, layout, node, chunks[-1]))
    begin = max(start, chunks[0], end - last if last is not None else 0)
    lines = [
        NumberedLine(number, text)
        for first in chunks[max(0, bisect_right(chunks, begin) - 1) :]
        for number, text in enumerate(_lines(view, layout, node, first), first)
        if number >= begin
    ]
    return Log(lines=tuple(lines), next_number=end, first_kept=chunks[0])


def _chunks(view: TreeView, layout: Layout, node: str) -> tuple[int, ...]:
    names = view.children(layout.path("node.log", node=node)) or ()
    return tuple(sorted(n for name in names if (n := first_number(name)) is not None))


def _lines(view: TreeView, layout: Layout, node: str, first: int) -> tuple[str, ...]:
    data = view.get(layout.path("node.log.chunk", node=node, chunk=chunk_name(first)))
    return tuple(codec.read_text(data).split("\n")) if data else ()


def _with_line(tail: Tail, line: str) -> Tail:
    size = sum(len(x) + 1 for x in tail.last) + len(line)
    if not tail.chunks or len(tail.last) >= CHUNK_LINES or (tail.last and size > CHUNK_BYTES):
        return Tail((*tail.chunks, tail.next_number), (line,))
    return replace(tail, last=(*tail.last, line))


def _put(layout: Layout, node: str, before: Tail, first: int, lines: Sequence[str]) -> Change:
    path = layout.path("node.log.chunk", node=node, chunk=chunk_name(first))
    data = codec.to_data("\n".join(lines))
    return Write(path, data) if first in before.chunks[-1:] else Create(path, data)


def _dropped(
    layout: Layout, node: str, tail: Tail, keep_lines: int, changes: list[Change]
) -> tuple[Tail, list[Change]]:
    """Drop the chunks that hold only lines older than the last `keep_lines`."""
    oldest = tail.next_number - keep_lines
    kept = max(0, min(len(tail.chunks) - 1, bisect_right(tail.chunks, oldest) - 1))
    paths = {
        layout.path("node.log.chunk", node=node, chunk=chunk_name(first)): first
        for first in tail.chunks[:kept]
    }
    new = {change.path for change in changes if isinstance(change, Create)}
    changes = [change for change in changes if change.path not in paths]
    changes += [Delete(path) for path in paths if path not in new]
    return replace(tail, chunks=tail.chunks[kept:]), changes

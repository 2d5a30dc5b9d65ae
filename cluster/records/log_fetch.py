"""Logs read from the store itself, for those who have no copy of the tree that holds them.

A log costs two requests, and of its chunks only those are read that hold what was asked for.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from cluster.model.log import Log
from cluster.records.log_record import LogKeys, Tail, chunk_numbers, chunks_from, lines_of, read
from cluster.records.view import DictView
from cluster.store.store import Store, Value
from runtime.deadline import Deadline
from runtime.errors import Unavailable

_ATTEMPTS: Final = 5
"""A chunk may be dropped between the list of the chunks and its own turn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a writer finds when it goes on where another has stopped."""

    tails: Mapping[LogKeys, Tail | None]
    """None: there is no such log."""
    values: Mapping[str, Value | None]
    """The other keys that were asked for; read after the lists of chunks."""


def fetch(
    store: Store, keys: LogKeys, deadline: Deadline, *, last: int | None = None, start: int = 0
) -> Log | None:
    """Return the last so many lines of a log that are numbered `start` or more; None when there is
    no such log. Raises `Unavailable`."""
    for _ in range(_ATTEMPTS):
        names = store.children(keys.top, deadline)
        if names is None:
            return None
        chunks = chunk_numbers(names)
        paths = [keys.chunk(first) for first in _needed(chunks, last, start)]
        found = store.read_many(paths, deadline) if paths else {}
        values = {path: value.data for path, value in found.items() if value is not None}
        if len(values) == len(paths):
            known = {keys.chunk(first): b"" for first in chunks}
            view = DictView({keys.top: b"", **known, **values})
            return read(view, keys, last=last, start=start)
    raise Unavailable("the log changes faster than it can be read; try again")


def fetch_tails(
    store: Store, logs: Sequence[LogKeys], others: Sequence[str], deadline: Deadline
) -> Found:
    """Return what writers must know to go on with these logs; raises `Unavailable`."""
    for _ in range(_ATTEMPTS):
        names = store.children_many([keys.top for keys in logs], deadline)
        chunks = {keys: chunk_numbers(names[keys.top] or ()) for keys in logs}
        ends = {keys: keys.chunk(firsts[-1]) for keys, firsts in chunks.items() if firsts}
        values = store.read_many([*ends.values(), *others], deadline)
        if all(values[path] is not None for path in ends.values()):
            return Found(
                tails={
                    keys: None
                    if names[keys.top] is None
                    else Tail(firsts, _last(values, ends, keys))
                    for keys, firsts in chunks.items()
                },
                values=values,
            )
    raise Unavailable("the logs change faster than they can be read")


def _last(
    values: Mapping[str, Value | None], ends: Mapping[LogKeys, str], keys: LogKeys
) -> tuple[str, ...]:
    value = values[ends[keys]] if keys in ends else None
    return () if value is None else lines_of(value.data)


def _needed(chunks: Sequence[int], last: int | None, start: int) -> Sequence[int]:
    """Return the chunks that may hold what was asked for; the last has one line at least."""
    if not chunks:
        return ()
    begin = max(start, chunks[-1] + 1 - last if last is not None else 0)
    return chunks_from(chunks, begin)

"""Schema 16: logs as numbered lines in chunks, not as one text; pure."""

import re
from collections.abc import Iterable
from typing import Final

from cluster.schema import codec
from cluster.schema.logchunk import chunk_name, chunks, one_line
from cluster.schema.plan import Group, StepPlan
from cluster.schema.shape import Shape, each_alone
from cluster.store.store import Change

_COLOURS: Final = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


def convert_logs(shape: Shape) -> StepPlan:
    """Convert the logs of all nodes."""
    groups: list[Group] = []
    for path in list(shape.matches("/logs/{node}/messages")):
        lines = [_COLOURS.sub("", line) for line in _lines(shape.get(path))]
        groups += each_alone(numbered(shape, path.rpartition("/")[0], lines))
        groups += each_alone(shape.remove([path]))
    return StepPlan(tuple(groups))


def console_lines(data: bytes | None) -> list[str]:
    """Return the lines of a console log of the earlier layouts."""
    return _lines(data)


def numbered(shape: Shape, parent: str, lines: Iterable[str]) -> list[Change]:
    """Return what puts lines, numbered from 0, below `parent`."""
    changes: list[Change] = []
    for first, part in chunks([one_line(line) for line in lines]):
        data = codec.to_data("\n".join(part))
        changes += shape.put(f"{parent}/{chunk_name(first)}", data)
    return changes


def _lines(data: bytes | None) -> list[str]:
    text = codec.read_text(data)
    return text.rstrip("\n").split("\n") if text.strip() else []

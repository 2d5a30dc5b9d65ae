"""Tasks as text; pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from cli.table import Column, pairs, printable, table
from cli.views.state import state

Row = tuple[str, str, str, str, str]
"""State, node, id, name, arguments."""

_WORDS = (("active", "RUNNING"), ("reserved", "PENDING"), ("scheduled", "PENDING"))


def task_rows(queues: Mapping[str, Any]) -> list[Row]:
    """Return the tasks of all queues: what runs, then what waits."""
    rows: list[Row] = []
    for queue, word in _WORDS:
        for node, tasks in (queues.get(queue) or {}).items():
            rows += [
                (
                    word,
                    printable(node),
                    printable(task.get("id")),
                    printable(task.get("name")),
                    printable(_arguments(task.get("kwargs"))),
                )
                for task in tasks or ()
            ]
    return rows


def tasks_table(rows: Sequence[Row], width: int | None = None) -> str:
    """Return one line per task."""
    if not rows:
        return "There are no tasks."
    columns = tuple(Column(title) for title in ("STATE", "NODE", "TASK", "NAME", "ARGUMENTS"))
    return table(columns, ((state(row[0]), *row[1:]) for row in rows), width)


def task_ids(rows: Sequence[Row]) -> str:
    """Return the ids, one per line."""
    return "\n".join(row[2] for row in rows)


def task_details(task_id: str, status: Mapping[str, Any]) -> str:
    """Return how one task is."""
    items = [
        ("Task", printable(task_id)),
        ("State", state(status.get("state"))),
        ("Progress", f"{printable(status.get('current'))} of {printable(status.get('total'))}"),
        ("Status", task_text(status)),
    ]
    if status.get("result") is not None:
        items.append(("Result", printable(status.get("result"))))
    return pairs(items)


def task_text(status: Mapping[str, Any]) -> str:
    """Return what a task says of itself; an earlier API sent a list of one text."""
    text = status.get("status")
    return printable(" ".join(str(part) for part in text) if isinstance(text, list) else text)


def _arguments(kwargs: Any) -> str:
    if isinstance(kwargs, Mapping):
        return ", ".join(f"{name}={value}" for name, value in kwargs.items())
    return str(kwargs or "")

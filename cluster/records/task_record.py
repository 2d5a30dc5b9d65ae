"""Tasks in the tree: the order, its progress by the worker that executes it, the wish to end it."""

from datetime import datetime

from cluster.model.task import Task, TaskOrder, TaskProgress, TaskState
from cluster.records.view import TreeView
from cluster.schema import codec
from cluster.schema.layout import Layout
from cluster.store.store import Change, Create, Delete, Write


def read_all(view: TreeView, layout: Layout) -> list[Task]:
    """Return all tasks by id."""
    ids = sorted(view.children(layout.path("tasks")) or ())
    return [task for name in ids if (task := read(view, layout, name)) is not None]


def read(view: TreeView, layout: Layout, task: str) -> Task | None:
    """Return one task, None when there is none."""
    ordered = view.get(layout.path("task", task=task))
    if ordered is None:
        return None
    log = codec.read_text(view.get(layout.path("task.log", task=task)))
    return Task(
        id=task,
        order=read_order(ordered),
        progress=read_progress(view.get(layout.path("task.progress", task=task))),
        is_cancelled=view.get(layout.path("task.cancel", task=task)) is not None,
        log=tuple(log.split("\n")) if log else (),
    )


def order(layout: Layout, task: str, ordered: TaskOrder) -> list[Change]:
    """Order a task."""
    plain = {
        "name": ordered.name,
        "run_on": ordered.run_on,
        "arguments": dict(ordered.arguments),
        "by": ordered.by,
        "ordered_at": ordered.ordered_at,
    }
    return [Create(layout.path("task", task=task), codec.to_json(plain))]


def progress(layout: Layout, task: str, now: TaskProgress, *, is_first: bool) -> list[Change]:
    """Say how far a task is; the worker that executes it writes nothing else but its log."""
    plain = {
        "state": now.state,
        "current": now.current,
        "total": now.total,
        "status": now.status,
        "result": now.result,
    }
    kind = Create if is_first else Write
    return [kind(layout.path("task.progress", task=task), codec.to_json(plain))]


def cancel(view: TreeView, layout: Layout, task: str, *, by: str, at: datetime) -> list[Change]:
    """Ask that a task ends; nothing when somebody has asked before."""
    path = layout.path("task.cancel", task=task)
    if view.get(path) is not None:
        return []
    return [Create(path, codec.to_json({"by": by, "at": f"{at:%Y-%m-%d %H:%M:%S}"}))]


def remove(view: TreeView, layout: Layout, task: str) -> list[Change]:
    """Remove a task that is over."""
    path = layout.path("task", task=task)
    below = sorted(view.children(path) or ())
    return [*(Delete(f"{path}/{name}") for name in below), Delete(path)]


def read_order(data: bytes | None) -> TaskOrder:
    """Read `task`; what cannot be read is empty."""
    plain = codec.read_object(data) or {}
    return TaskOrder(
        name=codec.as_text(plain.get("name")),
        run_on=codec.as_text(plain.get("run_on")),
        arguments=codec.as_object(plain.get("arguments")),
        by=codec.as_text(plain.get("by")),
        ordered_at=codec.as_text(plain.get("ordered_at")),
    )


def read_progress(data: bytes | None) -> TaskProgress:
    """Read `task.progress`; a task without one is pending."""
    plain = codec.read_object(data) or {}
    return TaskProgress(
        state=codec.as_enum(TaskState, plain.get("state")) or TaskState.PENDING,
        current=codec.as_integer(plain.get("current")),
        total=codec.as_integer(plain.get("total")),
        status=codec.as_text(plain.get("status")),
        result=plain.get("result"),
    )

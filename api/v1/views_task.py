"""Tasks as version 1 of the wire has them; pure.

The queues carry the names that clients of the earlier implementation read: `active` are the tasks
that run, `reserved` those that wait for their worker.
"""

from collections.abc import Iterable
from typing import Any

from cluster.model.task import Task, TaskProgress, TaskState


def queues_view(tasks: Iterable[Task]) -> dict[str, Any]:
    """Return the tasks that are not over, by the node whose worker executes them."""
    queues: dict[str, dict[str, list[dict[str, Any]]]] = {
        "active": {},
        "reserved": {},
        "scheduled": {},
    }
    names = {TaskState.RUNNING: "active", TaskState.PENDING: "reserved"}
    for task in tasks:
        if (queue := names.get(task.progress.state)) is not None:
            host = task.order.run_on.removesuffix(" (primary)")
            queues[queue].setdefault(host, []).append(_queued(task))
    return dict(queues)


def status_view(progress: TaskProgress) -> dict[str, Any]:
    """Return how a task is; `status` is always text, because clients append it to one."""
    view = {
        "state": progress.state.value,
        "current": progress.current,
        "total": progress.total,
        "status": progress.status,
    }
    return view if progress.result is None else {**view, "result": progress.result}


def _queued(task: Task) -> dict[str, Any]:
    return {
        "id": task.id,
        "name": task.order.name,
        "args": [],
        "kwargs": {**task.order.arguments, "run_on": task.order.run_on},
    }

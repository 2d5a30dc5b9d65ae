"""Tasks ordered, and asked to end."""

from collections.abc import Callable, Sequence
from datetime import datetime

from cluster.model.task import TaskOrder
from cluster.operations.attempt import until_applied
from cluster.records import task_record
from cluster.records.view import snapshot
from cluster.schema.layout import Layout
from cluster.schema.shape import can_be_name
from cluster.store.store import Change, Store
from runtime.deadline import Deadline
from runtime.errors import Conflict, NotFound


def order_task(
    store: Store,
    layout: Layout,
    ordered: TaskOrder,
    *,
    new_id: Callable[[], str],
    deadline: Deadline,
) -> str:
    """Order a task; returns its id. An id that is taken already is drawn again."""

    def decide() -> tuple[Sequence[Change], str]:
        task = new_id()
        return task_record.order(layout, task, ordered), task

    return until_applied(store, decide, deadline, what="the list of tasks")


def cancel_task(
    store: Store, layout: Layout, task: str, *, by: str, at: datetime, deadline: Deadline
) -> None:
    """Ask that a task ends; raises `NotFound`, or `Conflict` when it is over."""
    if not can_be_name(task):
        raise NotFound(f"there is no task {task}", task=task)
    path = layout.path("task", task=task)

    def decide() -> tuple[Sequence[Change], None]:
        view = snapshot(store, [path], deadline)
        found = task_record.read(view, layout, task)
        if found is None:
            raise NotFound(f"there is no task {task}", task=task)
        if found.progress.state.is_over:
            raise Conflict(f"the task {task} is over already", task=task)
        return task_record.cancel(view, layout, task, by=by, at=at), None

    until_applied(store, decide, deadline, what=f"the task {task}")

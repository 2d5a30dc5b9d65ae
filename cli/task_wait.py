"""Long work that the API has taken on: followed to its end."""

from collections.abc import Mapping
from typing import Any, Final

from cli.session import Session
from cli.views.task import task_text
from cli.waiting import Look
from cli.waiting import wait as wait_for
from runtime.errors import Refused

_UNFINISHED: Final = ("PENDING", "RUNNING")


def task_status(session: Session, task_id: str) -> Mapping[str, Any]:
    """Return how a task is."""
    status = session.fresh(session.client.get("tasks", task_id))
    return status if isinstance(status, Mapping) else {}


def followed(session: Session, task_id: str) -> Mapping[str, Any]:
    """Return how a task has ended."""
    status: Mapping[str, Any] = {}

    def ask() -> Look:
        nonlocal status
        status = task_status(session, task_id)
        return Look(
            text=task_text(status)
            if status.get("status")
            else f"Task {task_id} waits for its turn",
            is_done=status.get("state") not in _UNFINISHED,
            current=status.get("current"),
            total=status.get("total"),
        )

    wait_for(session, ask, f"The task goes on: pvc cluster task {task_id}")
    return status


def carry_out(session: Session, accepted: Any, *, wait: bool = True) -> None:
    """Follow the task that an answer names to its good end, or say only which one it is."""
    task = accepted if isinstance(accepted, Mapping) else {}
    task_id = str(task.get("task_id") or "")
    if not task_id:
        raise Refused("this API did not say which task carries out the order")
    if not wait:
        session.say(f"Task {task_id} on {task.get('run_on')}.")
        return
    status = followed(session, task_id)
    if status.get("state") == "FAILURE":
        raise Refused(f"task {task_id} failed: {task_text(status)}", task=task_id)
    session.say(task_text(status))

"""`pvc cluster task`: long work, listed or waited for."""

import click

from cli.output import format_option, show
from cli.session import Session
from cli.task_wait import followed, task_status
from cli.views import task as view
from runtime.errors import NotFound, Refused


@click.command()
@click.argument("task_id", required=False)
@click.option(
    "--wait/--no-wait", default=True, show_default=True, help="Whether to wait for its end."
)
@format_option("pretty", "raw", "json", "json-pretty")
@click.pass_obj
def task(session: Session, task_id: str | None, form: str, *, wait: bool) -> None:
    """List the tasks, or follow the one with TASK_ID to its end."""
    if task_id is None:
        _list(session, form)
        return
    _need(session, task_id)
    status = followed(session, task_id) if wait else task_status(session, task_id)
    show(
        session,
        form,
        status,
        {
            "pretty": lambda: view.task_details(task_id, status),
            "raw": lambda: str(status.get("state")),
        },
    )
    if status.get("state") == "FAILURE":
        raise Refused(f"task {task_id} failed: {view.task_text(status)}", task=task_id)


def _list(session: Session, form: str) -> None:
    queues = session.fresh(session.client.get("tasks")) or {}
    rows = view.task_rows(queues)
    show(
        session,
        form,
        queues,
        {
            "pretty": lambda: view.tasks_table(rows, session.width),
            "raw": lambda: view.task_ids(rows),
        },
    )


def _need(session: Session, task_id: str) -> None:
    """Refuse an id that nobody knows: the API says of it, too, that it is pending."""
    for _ in range(2):  # it may begin or end between the two questions
        if task_status(session, task_id).get("state") != "PENDING":
            return
        queues = session.fresh(session.client.get("tasks")) or {}
        if task_id in (row[2] for row in view.task_rows(queues)):
            return
    raise NotFound(f"there is no task '{task_id}'", task=task_id)

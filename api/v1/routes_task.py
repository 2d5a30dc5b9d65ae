"""Tasks: long work ordered through the API."""

from typing import Final

from api.access import Access
from api.v1.endpoint import Answer, Call, endpoint
from api.v1.views_task import queues_view, status_view
from cluster.model.task import TaskProgress

GROUP: Final = "task"


@endpoint("GET", "/tasks", group=GROUP, access=Access.READ, answer="task_queues")
def get_tasks(call: Call) -> Answer:
    """List the tasks that run or wait, by node."""
    return Answer(queues_view(call.services.cluster.tasks()))


@endpoint("GET", "/tasks/<task_id>", group=GROUP, access=Access.READ, answer="task_status")
def get_task(call: Call) -> Answer:
    """Show how a task is; an unknown one is pending."""
    wanted = call.arguments.required("task_id")
    tasks = call.services.cluster.tasks()
    found = (task.progress for task in tasks if task.id == wanted)
    return Answer(status_view(next(found, TaskProgress())))

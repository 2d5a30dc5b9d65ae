"""What is told of tasks.

Invariant: a task that is over stays as it was told, and one that is gone stays gone.
"""

from cluster.records import task_record
from runtime.log import get_logger
from workers.vm.actions import WriteTask
from workers.vm.tools import Tools, apply

log = get_logger(__name__)


class TaskActs:
    """Does what was decided about tasks."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools

    def act(self, action: WriteTask) -> None:
        """Say how far a task is; raises `Unavailable` when the store does not answer."""
        tools, layout = self._tools, self._tools.layout
        order = layout.path("task", task=action.task)
        progress = layout.path("task.progress", task=action.task)
        there = tools.store.read_many([order, progress], tools.deadline())
        told = there[progress]
        if there[order] is None:
            return
        if told is not None and task_record.read_progress(told.data).state.is_over:
            return
        changes = task_record.progress(layout, action.task, action.progress, is_first=told is None)
        if apply(tools, changes) and action.progress.state.is_over:
            state, status = action.progress.state, action.progress.status
            log.info("task_ended", task=action.task, state=state, status=status)

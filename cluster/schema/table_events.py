"""Keys of faults, fences and tasks."""

from typing import Final

from cluster.schema.key import Form, Key, Writer

EVENT_KEYS: Final[tuple[Key, ...]] = (
    Key(
        name="faults",
        path="/faults",
        form=Form.EMPTY,
        writer=Writer.NOBODY,
        since=11,
        about="Parent of the faults.",
    ),
    Key(
        name="fault",
        path="/faults/{fault}",
        form=Form.JSON,
        writer=Writer.REPORTER,
        since=16,
        about="A condition shown to operators: {first_reported}; made once by its reporter.",
    ),
    Key(
        name="fault.report",
        path="/faults/{fault}/report",
        form=Form.JSON,
        writer=Writer.REPORTER,
        since=16,
        about="Its last report: {last_reported, health_delta, message}.",
    ),
    Key(
        name="fault.acknowledgement",
        path="/faults/{fault}/acknowledgement",
        form=Form.JSON,
        writer=Writer.API,
        since=16,
        about="{acknowledged_at}; absent until somebody has acknowledged it.",
    ),
    Key(
        name="fences",
        path="/fences",
        form=Form.EMPTY,
        writer=Writer.NOBODY,
        since=16,
        about="Parent of the fence records.",
    ),
    Key(
        name="fence",
        path="/fences/{fence}",
        form=Form.JSON,
        writer=Writer.FENCING,
        since=16,
        about="{node, judge, beat, verdict_at, evidence: {witness: what it says}}; written once.",
    ),
    Key(
        name="fence.step",
        path="/fences/{fence}/{step}",
        form=Form.JSON,
        writer=Writer.FENCING,
        since=16,
        about="One step, named by its number: {step, by, started_at, ended_at, result}.",
    ),
    Key(
        name="tasks",
        path="/tasks",
        form=Form.EMPTY,
        writer=Writer.NOBODY,
        since=16,
        about="Parent of the tasks.",
    ),
    Key(
        name="task",
        path="/tasks/{task}",
        form=Form.JSON,
        writer=Writer.ORDER,
        since=16,
        about="What was ordered: {name, run_on, arguments, by, ordered_at}.",
    ),
    Key(
        name="task.progress",
        path="/tasks/{task}/progress",
        form=Form.JSON,
        writer=Writer.REPORTER,
        since=16,
        about="{state, current, total, status, result}, written by the worker that executes it.",
    ),
    Key(
        name="task.log",
        path="/tasks/{task}/log",
        form=Form.TEXT,
        writer=Writer.REPORTER,
        since=16,
        about="The last lines of its log joined by newlines, by the worker that executes it.",
    ),
    Key(
        name="task.cancel",
        path="/tasks/{task}/cancel",
        form=Form.JSON,
        writer=Writer.ORDER,
        since=16,
        about="There when somebody wants it to end: {by, at}.",
    ),
)

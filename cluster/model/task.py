"""A task: long work ordered through the API, with a public id."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class TaskState(StrEnum):
    """How far a task is."""

    PENDING = "PENDING"
    RUNNING = "RUNNING"
    SUCCESS = "SUCCESS"
    FAILURE = "FAILURE"

    @property
    def is_over(self) -> bool:
        """Whether nothing more will happen."""
        return self in (TaskState.SUCCESS, TaskState.FAILURE)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskOrder:
    """What was ordered; never changed afterwards."""

    name: str
    """Kind of work, `vm.create_snapshot`."""
    run_on: str
    """The node whose worker executes it; `<node> (primary)` for one bound to the primary."""
    arguments: Mapping[str, Any] = field(default_factory=dict)
    by: str = ""
    """Who ordered it: description of the token."""
    ordered_at: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskProgress:
    """How it goes, by the worker that executes it."""

    state: TaskState = TaskState.PENDING
    current: int = 0
    total: int = 0
    status: str = ""
    """One sentence: what it is doing, or how it ended."""
    result: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A task as the store tells it."""

    id: str
    order: TaskOrder
    progress: TaskProgress
    is_cancelled: bool
    """Somebody wants it to end."""
    log: tuple[str, ...] = ()

"""What the root says of its tree: facts for keepalive, a line for systemd; pure."""

from collections.abc import Mapping
from typing import Any, Final

from bus.messages import ChildState, TreeState
from supervisor.child import Child, Phase
from supervisor.schema_plan import SchemaView
from supervisor.seen import Course, Memory
from workers.spec import WhenExhausted

_STATES: Final[dict[Phase, ChildState]] = {
    Phase.WAITING: ChildState.WAITING,
    Phase.STARTING: ChildState.STARTING,
    Phase.RUNNING: ChildState.RUNNING,
    Phase.STOPPING: ChildState.STOPPING,
    Phase.KILLED: ChildState.STOPPING,
    Phase.PARKED: ChildState.PARKED,
    Phase.STOPPED: ChildState.STOPPED,
}


def is_ready(memory: Memory, schema: SchemaView) -> bool:
    """Whether every worker has beaten once, or cannot be expected to for a known reason."""
    return all(_is_settled(child, schema) for child in memory.children)


def facts(
    memory: Memory, schema: SchemaView, pids: Mapping[str, int], *, was_ready: bool
) -> dict[str, Any]:
    """Return the `values` of facts.supervisor."""
    return {
        "tree": _tree_state(memory, was_ready=was_ready).value,
        "schema": schema.note,
        "workers": {
            child.spec.name: {
                "state": child_state(child).value,
                "pid": pids.get(child.spec.name, 0),
                "restarts": child.restarts,
                "abandoned": child.abandoned,
                "reason": _reason(child, schema),
            }
            for child in memory.children
        },
    }


def child_state(child: Child) -> ChildState:
    """Return how people see a child: one on trial is still parked to them."""
    return ChildState.PARKED if child.is_on_trial else _STATES[child.phase]


def status(memory: Memory, schema: SchemaView) -> str:
    """Return systemd's status line."""
    running = sum(child.phase is Phase.RUNNING for child in memory.children)
    parts = [f"{running} of {len(memory.children)} workers run"]
    if memory.course is not Course.RUN:
        parts.insert(0, _COURSES[memory.course])
    for child in memory.children:
        reason = _reason(child, schema) or child.note
        state = child_state(child)
        if state is not ChildState.RUNNING or reason:
            parts.append(f"{child.spec.name} {state}" + (f" ({reason})" if reason else ""))
    stuck = sum(child.abandoned for child in memory.children)
    if stuck:
        parts.append(f"{stuck} killed process(es) stuck in the kernel")
    if schema.note:
        parts.append(schema.note)
    return "; ".join(parts)


_COURSES: Final[dict[Course, str]] = {
    Course.RELOAD: "restarting the tree",
    Course.LEAVE: "leaving",
    Course.ESCALATE: "giving up because of keepalive",
}


def _is_settled(child: Child, schema: SchemaView) -> bool:
    if child.phase is Phase.RUNNING or child.is_on_trial or child.bad_config:
        return True
    if child.spec.needs_current_schema and not schema.may_run:
        return True
    # One that failed its first start is known to be in trouble. systemd, which would kill the
    # whole tree when its start takes too long, need not wait until it is parked.
    return child.restarts > 0 and child.spec.when_exhausted is WhenExhausted.PARK


def _tree_state(memory: Memory, *, was_ready: bool) -> TreeState:
    if memory.course is Course.LEAVE:
        return TreeState.LEAVING
    return TreeState.RUNNING if was_ready else TreeState.STARTING


def _reason(child: Child, schema: SchemaView) -> str:
    if child.phase is Phase.WAITING and child.spec.needs_current_schema and not schema.may_run:
        return "waits for the schema"
    return "" if child.phase is Phase.RUNNING and not child.is_on_trial else child.reason

"""How a VM that runs here is brought to its end; pure.

Invariant: a guest that is asked gently is ended when its time is over, however it answers.
"""

from dataclasses import replace
from typing import Final

from cluster.model.vm import SeenState
from runtime.clock import NEVER, Instant, later
from workers.vm.actions import Action, Begin, WriteSeen
from workers.vm.jobs import Destroy, Shutdown
from workers.vm.turn import Outcome, Turn

_ASK_AGAIN_SECONDS: Final = 10.0
"""A guest that was still booting did not hear the first time."""


def ask_to_end(turn: Turn) -> Outcome:
    """Press its power button until it is off or its time is over."""
    memory, now = turn.memory, turn.now
    since = memory.asked_since if memory.asked_since is not None else now
    over_at = later(since, turn.rules.shutdown_timeout_seconds)
    if now >= over_at:
        return destroy(turn)
    again_at = later(memory.asked_at, _ASK_AGAIN_SECONDS)
    if now < again_at:
        return turn.wait(min(again_at, over_at))
    job = Begin(vm=turn.view.uuid, job=Shutdown(uuid=turn.view.uuid))
    return turn.do(*_stopping(turn), job, asked_since=since, asked_at=now)


def is_patience_over(turn: Turn) -> bool:
    """Whether a guest that was asked has had its time."""
    return turn.now >= patience_over_at(turn)


def patience_over_at(turn: Turn) -> Instant:
    """Return until when a guest that was asked may take its time."""
    since = turn.memory.asked_since
    return NEVER if since is None else later(since, turn.rules.shutdown_timeout_seconds)


def destroy(turn: Turn) -> Outcome:
    """End it at once."""
    if turn.now < turn.memory.retry_at:
        return turn.wait(turn.memory.retry_at)
    job = Begin(vm=turn.view.uuid, job=Destroy(uuid=turn.view.uuid))
    return turn.do(*_stopping(turn), job)


def _stopping(turn: Turn) -> tuple[Action, ...]:
    record = turn.view.record
    if record.state is SeenState.STOPPING:
        return ()
    now = replace(record, state=SeenState.STOPPING, reason="")
    return (WriteSeen(vm=turn.view.uuid, was=record, now=now),)

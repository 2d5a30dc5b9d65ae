"""A new definition for a VM, and how it takes effect.

Invariants: a running guest is restarted only by `--restart` or by a question that was answered with
yes; whoever asks no questions must say it. The definition comes before the guest: what it refuses
never reaches the guest, and what the guest refuses is there at its next start.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from cli.output import show_message
from cli.session import Session
from cli.task_wait import carry_out
from cli.vm import is_running
from runtime.errors import PvcError


class Effect(StrEnum):
    """How a change takes effect."""

    AT_START = "at start"
    RESTART = "restart"
    LIVE = "live"


class Plugging(StrEnum):
    """What is done with a device; the verb of the call."""

    IN = "in"
    OUT = "out"


def effect(
    session: Session,
    vm: Mapping[str, Any],
    name: str,
    *,
    restart: bool | None,
    is_live: bool = False,
    is_sure: bool,
) -> Effect:
    """Return how a change is to take effect; asks when nothing says whether to restart."""
    if not is_running(vm):
        return Effect.AT_START
    if restart:
        session.confirm(f"Restart VM '{name}' for the change to take effect?", is_sure=is_sure)
        return Effect.RESTART
    if is_live:
        return Effect.LIVE
    if restart is None and not is_sure and not session.is_unsafe:
        question = f"Restart VM '{name}' now, so that the change takes effect?"
        return Effect.RESTART if session.agrees(question) else Effect.AT_START
    return Effect.AT_START


def redefine(session: Session, name: str, xml: str, how: Effect) -> None:
    """Write a definition."""
    form = {"xml": xml, "restart": how is Effect.RESTART}
    answer = session.client.put("vm", name, form=form)
    if how is Effect.LIVE:  # the API, which cannot know that, says that it needs a restart
        session.say(f"VM '{name}' has its new definition.")
    else:
        show_message(session, answer.body)


def replug(session: Session, name: str, device: str, way: Plugging) -> None:
    """Plug a device into the running guest or out of it, after the definition has changed."""
    call = session.client.post if way is Plugging.IN else session.client.delete
    try:
        carry_out(session, call("vm", name, "device", form={"xml": device}).body)
    except PvcError:
        session.tell(
            f"The definition of VM '{name}' has the change, the running guest has not: it takes "
            "effect when it starts the next time."
        )
        raise

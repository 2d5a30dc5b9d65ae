"""A new definition for a VM, and what of it takes effect when.

Invariant: a running guest is restarted only by `--restart` or a question that was answered with
yes; whoever asks no questions must say it.
"""

from collections.abc import Mapping
from typing import Any

from cli.session import Session
from cli.vm import is_running


def restart_wanted(
    session: Session, vm: Mapping[str, Any], name: str, restart: bool | None, *, is_sure: bool
) -> bool:
    """Return whether a VM is to be restarted; asks when it runs and nothing else says it."""
    if not is_running(vm):
        return False
    if restart is None and not is_sure and not session.is_unsafe:
        return session.agrees(f"Restart VM '{name}' now, so that the change takes effect?")
    if restart:
        session.confirm(f"Restart VM '{name}' for the change to take effect?", is_sure=is_sure)
    return bool(restart)


def redefine(
    session: Session, vm: Mapping[str, Any], name: str, xml: str, *, restart: bool
) -> None:
    """Write a definition, and say from when on it is in force."""
    answer = session.client.put("vm", name, form={"xml": xml, "restart": restart})
    message = answer.body.get("message") if isinstance(answer.body, Mapping) else None
    session.say(str(message or f"The definition of VM '{name}' was changed."))
    if is_running(vm) and not restart:
        session.say(f"It takes effect when VM '{name}' starts the next time.")

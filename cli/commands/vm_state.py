"""`pvc vm start`, `restart`, `shutdown`, `stop` and `disable`: orders of a VM's state."""

import click

from cli.output import show_message
from cli.session import Session
from cli.vm import one_vm, vm_argument, yes_option
from cli.vm_orders import SHOWING, state_look
from cli.waiting import wait as wait_for

_wait_option = click.option("-w", "--wait", is_flag=True, help="Wait until it is done.")


@click.command()
@vm_argument
@click.option("--force", is_flag=True, help="Also when a task or another cluster works on it.")
@_wait_option
@click.pass_obj
def start(session: Session, name: str, *, force: bool, wait: bool) -> None:
    """Start VM."""
    _order(session, name, "start", force=force or None, wait=wait)


@click.command()
@vm_argument
@_wait_option
@yes_option
@click.pass_obj
def restart(session: Session, name: str, *, wait: bool, yes: bool) -> None:
    """Shut VM down and start it again."""
    session.confirm(f"Restart VM '{name}'?", is_sure=yes)
    _order(session, name, "restart", wait=wait)


@click.command()
@vm_argument
@_wait_option
@yes_option
@click.pass_obj
def shutdown(session: Session, name: str, *, wait: bool, yes: bool) -> None:
    """Ask VM's guest to shut down; cut its power if it does not in time."""
    session.confirm(f"Shut down VM '{name}'?", is_sure=yes)
    _order(session, name, "shutdown", wait=wait)


@click.command()
@vm_argument
@click.option("--force", is_flag=True, help="Also when a task or another cluster works on it.")
@yes_option
@click.pass_obj
def stop(session: Session, name: str, *, force: bool, yes: bool) -> None:
    """Cut VM's power."""
    session.confirm(f"Cut the power of VM '{name}'?", is_sure=yes)
    _order(session, name, "stop", force=force or None)


@click.command()
@vm_argument
@click.option("--force", is_flag=True, help="Cut its power instead of shutting it down.")
@yes_option
@click.pass_obj
def disable(session: Session, name: str, *, force: bool, yes: bool) -> None:
    """Shut VM down and keep it off: it is no fault that it does not run."""
    how = "cutting its power" if force else "shutting it down"
    session.confirm(f"Disable VM '{name}', {how} if it runs?", is_sure=yes)
    _order(session, name, "disable", force=force or None)


def _order(
    session: Session, name: str, state: str, *, force: bool | None = None, wait: bool = False
) -> None:
    answer = session.client.post("vm", name, "state", state=state, force=force)
    if not wait:
        show_message(session, answer.body)
        return
    said = wait_for(
        session,
        lambda: state_look(one_vm(session, name, *SHOWING), name, state),
        f"The order for VM '{name}' stays in force: pvc vm info {name}",
    )
    session.say(said)

"""`pvc vm migrate`, `move` and `unmigrate`: bringing VMs to other nodes."""

import click

from cli.output import show_message
from cli.session import Session
from cli.vm import one_vm, target_option, vm_argument
from cli.vm_orders import SHOWING, move_look
from cli.waiting import wait as wait_for

_wait_option = click.option("-w", "--wait", is_flag=True, help="Wait until it is there.")
_live_option = click.option(
    "--force-live", is_flag=True, help="Live or not at all, whatever its migration method."
)
_target_option = target_option("The node to bring it to; without it the best one is chosen.")


@click.command()
@vm_argument
@_target_option
@click.option("-f", "--force", is_flag=True, help="Also when it is migrated already.")
@_wait_option
@_live_option
@click.pass_obj
def migrate(
    session: Session,
    name: str,
    target: str | None,
    *,
    force: bool,
    wait: bool,
    force_live: bool,
) -> None:
    """Bring VM to another node for now; `unmigrate` brings it home."""
    _order(session, name, "migrate", target, force=force, wait=wait, force_live=force_live)


@click.command()
@vm_argument
@_target_option
@_wait_option
@_live_option
@click.pass_obj
def move(session: Session, name: str, target: str | None, *, wait: bool, force_live: bool) -> None:
    """Bring VM to another node for good."""
    _order(session, name, "move", target, wait=wait, force_live=force_live)


@click.command()
@vm_argument
@_wait_option
@_live_option
@click.pass_obj
def unmigrate(session: Session, name: str, *, wait: bool, force_live: bool) -> None:
    """Bring VM back to the node that it was migrated from."""
    _order(session, name, "unmigrate", None, wait=wait, force_live=force_live)


def _order(
    session: Session,
    name: str,
    action: str,
    target: str | None,
    *,
    force: bool = False,
    wait: bool,
    force_live: bool,
) -> None:
    before = one_vm(session, name, *SHOWING) if wait else {}
    answer = session.client.post(
        "vm",
        name,
        "node",
        action=action,
        node=target,
        force=force or None,
        force_live=force_live or None,
    )
    if not wait:
        show_message(session, answer.body)
        return
    source = str(before.get("node") or "")
    said = wait_for(
        session,
        lambda: move_look(one_vm(session, name, *SHOWING), name, source, target),
        f"VM '{name}' goes on to be moved: pvc vm info {name}",
    )
    session.say(said)

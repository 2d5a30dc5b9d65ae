"""`pvc vm flush-locks`: locks on a VM's volumes that were left behind."""

import click

from cli.session import Session
from cli.task_wait import carry_out
from cli.vm import vm_argument


@click.command("flush-locks")
@vm_argument
@click.option(
    "--wait/--no-wait", default=True, show_default=True, help="Whether to wait for its end."
)
@click.pass_obj
def flush_locks(session: Session, name: str, *, wait: bool) -> None:
    """Remove the locks that were left on the volumes of VM, which must be off."""
    carry_out(session, session.client.post("vm", name, "locks").body, wait=wait)

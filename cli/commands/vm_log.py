"""`pvc vm log`: the serial console of a VM."""

import click

from cli.log_command import log_options, show_log
from cli.session import Session
from cli.vm import vm_argument


@click.command()
@vm_argument
@log_options
@click.pass_obj
def log(session: Session, name: str, lines: int | None, *, follow: bool) -> None:
    """Show the recent lines of a VM's serial console."""
    show_log(session, ("vm", name, "console"), "VM", name, lines, follow=follow)

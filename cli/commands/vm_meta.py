"""`pvc vm meta`: the rules of a VM besides its definition. What is not given stays as it is."""

import click

from cli.output import show_message
from cli.session import Session
from cli.vm import vm_argument
from cli.vm_rules import METHODS, SELECTORS


@click.command()
@vm_argument
@click.option("-l", "--limit", help='The only nodes it may be on, with commas; "" for any node.')
@click.option("-s", "--node-selector", type=click.Choice(SELECTORS), help="How nodes are chosen.")
@click.option(
    "-a/-A",
    "--autostart/--no-autostart",
    default=None,
    help="Whether it is started, once, when its node becomes ready.",
)
@click.option("-m", "--method", type=click.Choice(METHODS), help="How it is migrated.")
@click.option(
    "-d",
    "--max-downtime",
    type=click.IntRange(min=1),
    help="How many milliseconds it may stand still in a live migration.",
)
@click.option("-p", "--profile", help="The provisioner profile it was made by.")
@click.pass_obj
def meta(
    session: Session,
    name: str,
    limit: str | None,
    node_selector: str | None,
    method: str | None,
    max_downtime: int | None,
    profile: str | None,
    *,
    autostart: bool | None,
) -> None:
    """Change the rules of VM: where it may be, how it is migrated, whether it starts by itself."""
    changes = {
        "limit": limit,
        "selector": node_selector,
        "autostart": autostart,
        "migration_method": method,
        "migration_max_downtime": max_downtime,
        "profile": profile,
    }
    if all(value is None for value in changes.values()):
        raise click.UsageError(
            f"Nothing to change: give an option. The rules as they are: pvc vm info {name}"
        )
    show_message(session, session.client.post("vm", name, "meta", form=changes).body)

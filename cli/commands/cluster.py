"""`pvc cluster`: the cluster as a whole."""

import click

from cli.lazy import LazyGroup, Member
from cli.output import format_option, show, show_message
from cli.session import Session
from cli.views import cluster as view

_MEMBERS = {
    "fault": Member("cli.commands.fault", "fault", "What needs an operator's attention."),
    "task": Member("cli.commands.task", "task", "Long work: what runs, and how far it is."),
}


@click.group(cls=LazyGroup, members=_MEMBERS)
def cluster() -> None:
    """Look at the cluster as a whole and maintain it."""


@cluster.command()
@format_option("pretty", "short", "json", "json-pretty")
@click.pass_obj
def status(session: Session, form: str) -> None:
    """Show how the cluster is."""
    body = session.fresh(session.client.get("status"))
    show(
        session,
        form,
        body,
        {
            "pretty": lambda: view.status_pretty(body),
            "short": lambda: view.status_short(body),
        },
    )


@cluster.group()
def maintenance() -> None:
    """Turn maintenance mode on or off; while it is on no node is fenced."""


@maintenance.command()
@click.pass_obj
def on(session: Session) -> None:
    """Turn maintenance mode on."""
    show_message(session, session.client.post("status", state=True).body)


@maintenance.command()
@click.pass_obj
def off(session: Session) -> None:
    """Turn maintenance mode off."""
    show_message(session, session.client.post("status", state=False).body)

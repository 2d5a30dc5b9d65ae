"""`pvc node`: the nodes of the cluster."""

import contextlib
from collections.abc import Mapping
from typing import Any

import click

from cli.answer import one
from cli.lazy import LazyGroup, Member
from cli.node import node_argument
from cli.node_log import follow as follow_log
from cli.node_log import log_lines
from cli.output import format_option, show
from cli.session import Session
from cli.views import node as view
from runtime.clock import SYSTEM_CLOCK

_LINES_SHOWN = 1000
_LINES_BEFORE_FOLLOWING = 10


_MEMBERS = {
    "flush": Member("cli.commands.node_flush", "flush", "Move all VMs away from a node."),
    "ready": Member("cli.commands.node_flush", "ready", "Let a node take VMs again."),
}


@click.group(cls=LazyGroup, members=_MEMBERS)
def node() -> None:
    """Look at the nodes, empty them and fill them. NODE is this host unless it is given."""


@node.command("list")
@click.argument("limit", required=False)
@click.option("-ds", "--daemon-state", help="Only nodes in this daemon state.")
@click.option("-cs", "--coordinator-state", help="Only nodes in this coordinator state.")
@click.option("-vs", "--domain-state", help="Only nodes in this domain state.")
@format_option("pretty", "raw", "json", "json-pretty")
@click.pass_obj
def list_(
    session: Session,
    limit: str | None,
    daemon_state: str | None,
    coordinator_state: str | None,
    domain_state: str | None,
    form: str,
) -> None:
    """List the nodes, or those whose name matches the pattern LIMIT."""
    answer = session.client.get(
        "node",
        limit=limit,
        daemon_state=daemon_state,
        coordinator_state=coordinator_state,
        domain_state=domain_state,
    )
    nodes = session.fresh(answer)
    show(
        session,
        form,
        nodes,
        {"pretty": lambda: view.nodes_table(nodes), "raw": lambda: view.node_names(nodes)},
    )


@node.command()
@node_argument
@format_option("pretty", "long", "json", "json-pretty")
@click.pass_obj
def info(session: Session, name: str, form: str) -> None:
    """Show one node, its workers and how old their facts are."""
    found = one(session.fresh(session.client.get("node", name)), "node", name)
    show(
        session,
        form,
        found,
        {
            "pretty": lambda: view.node_details(found, is_long=False, width=session.width),
            "long": lambda: view.node_details(found, is_long=True, width=session.width),
        },
    )


@node.command("is-primary")
@node_argument
@click.pass_context
def is_primary(context: click.Context, name: str) -> None:
    """Say by the exit code whether NODE is the primary coordinator: 0 if it is, 1 if not."""
    session: Session = context.obj
    found = one(session.fresh(session.client.get("node", name, "coordinator-state")), "node", name)
    context.exit(0 if found.get("coordinator_state") == "primary" else 1)


@node.command()
@node_argument
@click.option(
    "-l",
    "--lines",
    type=click.IntRange(min=1),
    help=f"How many lines; {_LINES_SHOWN}, or {_LINES_BEFORE_FOLLOWING} when following.",
)
@click.option("-f", "--follow", is_flag=True, help="Show new lines as they come.")
@click.pass_obj
def log(session: Session, name: str, lines: int | None, *, follow: bool) -> None:
    """Show the recent log lines of NODE's daemons."""
    if follow:
        _follow(session, name, lines or _LINES_BEFORE_FOLLOWING)
        return
    answer = session.client.get("node", name, "log", lines=lines or _LINES_SHOWN)
    text = "\n".join(log_lines(one(session.fresh(answer), "node", name)))
    if not session.is_silent:
        click.echo_via_pager(text, color=session.colour)


def _follow(session: Session, name: str, lines: int) -> None:
    def fetch(since: int | None) -> Mapping[str, Any]:
        asked = {"lines": lines} if since is None else {"since": since}
        return one(session.fresh(session.client.get("node", name, "log", **asked)), "node", name)

    with contextlib.suppress(KeyboardInterrupt):  # the way to end it
        follow_log(fetch, session.say, session.tell, SYSTEM_CLOCK)

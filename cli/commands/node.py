"""`pvc node`: the nodes of the cluster."""

import click

from cli.answer import one
from cli.lazy import LazyGroup, Member
from cli.log_command import log_options, show_log
from cli.node import node_argument
from cli.output import format_option, show
from cli.session import Session
from cli.views import node as view

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
@log_options
@click.pass_obj
def log(session: Session, name: str, lines: int | None, *, follow: bool) -> None:
    """Show the recent log lines of NODE's daemons."""
    show_log(session, ("node", name, "log"), "node", name, lines, follow=follow)

"""The top of the command line: global options and the groups."""

import os

import click

from cli.lazy import LazyGroup, Member
from cli.session import LOCAL, Session
from runtime.version import VERSION

_GROUPS = {
    "cluster": Member("cli.commands.cluster", "cluster", "Status, maintenance, faults and tasks."),
    "connection": Member("cli.commands.connection", "connection", "The APIs that pvc knows."),
    "node": Member("cli.commands.node", "node", "The nodes of the cluster."),
    "vm": Member("cli.commands.vm", "vm", "The virtual machines."),
}


def _flag(name: str) -> bool:
    """Any text in the variable counts as on, as it always did."""
    return bool(os.environ.get(name))


@click.group(
    cls=LazyGroup,
    members=_GROUPS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option(
    "-c",
    "--connection",
    envvar="PVC_CONNECTION",
    default=LOCAL,
    metavar="NAME",
    help="The stored connection to use; without it the API of this machine. [PVC_CONNECTION]",
)
@click.option("-v", "--debug", is_flag=True, help="Show each call of the API. [PVC_DEBUG]")
@click.option("-q", "--quiet", is_flag=True, help="Do not say which API is used. [PVC_QUIET]")
@click.option("-s", "--silent", is_flag=True, help="Print nothing at all. [PVC_SILENT]")
@click.option("-u", "--unsafe", is_flag=True, help="Ask no questions. [PVC_UNSAFE]")
@click.option(
    "--color", "--colour", "colour", is_flag=True, help="Colours even in a pipe. [PVC_COLOUR]"
)
@click.version_option(VERSION, prog_name="pvc", message="%(prog)s %(version)s")
@click.pass_context
def root(
    context: click.Context,
    connection: str,
    *,
    debug: bool,
    quiet: bool,
    silent: bool,
    unsafe: bool,
    colour: bool,
) -> None:
    """Parallel Virtual Cluster: a few machines as one cluster of virtual machines."""
    session = Session(
        connection=connection or LOCAL,
        is_debug=debug or _flag("PVC_DEBUG"),
        is_quiet=quiet or _flag("PVC_QUIET"),
        is_silent=silent or _flag("PVC_SILENT"),
        is_unsafe=unsafe or _flag("PVC_UNSAFE"),
        colour=_colour(is_forced=colour or _flag("PVC_COLOUR")),
    )
    if isinstance(context.obj, list):  # whoever explains an error must know how to print it
        context.obj.append(session)
    context.obj = session


def _colour(*, is_forced: bool) -> bool | None:
    if is_forced:
        return True
    return False if os.environ.get("NO_COLOR") else None

"""What the commands about one VM share: its argument, and asking for it."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import click

from cli.answer import one
from cli.completion import node_names, vm_names
from cli.session import Session
from runtime.errors import Refused

F = TypeVar("F", bound=Callable[..., Any])

vm_argument = click.argument("name", metavar="VM", shell_complete=vm_names)
live_option = click.option(
    "-l/-L",
    "--live/--no-live",
    default=True,
    help="Whether the running guest gets it at once; it does unless told otherwise.",
)
restart_option = click.option(
    "-r/-R",
    "--restart/--no-restart",
    default=None,
    help="Whether to restart it, so that the change takes effect.",
)
yes_option = click.option("-y", "--yes", is_flag=True, help="Do not ask.")


def target_option(about: str) -> Callable[[F], F]:
    """Return the option that names a node."""
    return click.option("-t", "--target", metavar="NODE", shell_complete=node_names, help=about)


def one_vm(session: Session, name: str, *fields: str) -> Mapping[str, Any]:
    """Return a VM, at least with these fields; all when none is named."""
    asked = ",".join(fields) or None
    return one(session.fresh(session.client.get("vm", name, fields=asked)), "VM", name)


def xml_of(vm: Mapping[str, Any], name: str) -> str:
    """Return the definition in an answer."""
    xml = vm.get("xml")
    if not isinstance(xml, str) or not xml:
        raise Refused(f"the API shows no definition of VM '{name}'", vm=name)
    return xml if xml.endswith("\n") else f"{xml}\n"


def is_running(vm: Mapping[str, Any]) -> bool:
    """Whether a change of the definition needs a restart to take effect."""
    return vm.get("state") in ("start", "restart", "migrate", "migrate-live", "unmigrate")

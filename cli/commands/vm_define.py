"""`pvc vm define`, `rename`, `undefine` and `remove`: VMs come and go."""

from typing import TextIO

import click

from cli.output import show_message
from cli.session import Session
from cli.vm import one_vm, target_option, vm_argument, yes_option
from cli.vm_rules import METHODS, SELECTORS, nodes_of
from cli.xml_file import read_xml


@click.command()
@click.argument("vmconfig", type=click.File(encoding="utf-8"))
@target_option("The node it shall be on; without it the best one is chosen.")
@click.option(
    "-l", "--limit", metavar="NODES", help="The only nodes it may be on, separated by commas."
)
@click.option(
    "-s",
    "--node-selector",
    type=click.Choice(SELECTORS),
    default="none",
    show_default=True,
    help="By what the best node is chosen; none: as the cluster's configuration says.",
)
@click.option(
    "-a/-A",
    "--autostart/--no-autostart",
    default=False,
    help="Whether it is started, once, when its node becomes ready.",
)
@click.option(
    "-m",
    "--method",
    type=click.Choice(METHODS),
    default="none",
    show_default=True,
    help="How it is brought to another node while it runs; none: live if that goes.",
)
@click.option(
    "-d",
    "--max-downtime",
    type=click.IntRange(min=1),
    default=300,
    show_default=True,
    help="How many milliseconds it may stand still in a live migration.",
)
@click.option("-g", "--tag", "tags", metavar="TAG", multiple=True, help="A tag; may be repeated.")
@click.option(
    "-G",
    "--protected-tag",
    "protected_tags",
    metavar="TAG",
    multiple=True,
    help="A tag that is not removed by accident; may be repeated.",
)
@click.pass_obj
def define(
    session: Session,
    vmconfig: TextIO,
    target: str | None,
    limit: str | None,
    node_selector: str,
    method: str,
    max_downtime: int,
    tags: tuple[str, ...],
    protected_tags: tuple[str, ...],
    *,
    autostart: bool,
) -> None:
    """Define a new VM by VMCONFIG, a file with libvirt's XML, or `-` for standard input.

    The XML is one <domain> with at least a <name> and a <memory>. Disks are volumes in Ceph
    (type network, protocol rbd, name pool/volume; they are not made), or files or devices of the
    node; interfaces are of type bridge, direct or hostdev. A UUID or MAC address that is missing
    is chosen once and kept.

    The VM is not started: `pvc vm start` does that. `pvc vm dump` shows the XML as it is stored.
    """
    form = {
        "xml": read_xml(vmconfig),
        "node": target,
        "limit": nodes_of(limit),
        "selector": node_selector,
        "autostart": autostart,
        "migration_method": method,
        "migration_max_downtime": max_downtime,
        "user_tags": tags,
        "protected_tags": protected_tags,
    }
    show_message(session, session.client.post("vm", form=form).body)


@click.command()
@vm_argument
@click.argument("new_name")
@yes_option
@click.pass_obj
def rename(session: Session, name: str, new_name: str, *, yes: bool) -> None:
    """Give VM, which must be off, the name NEW_NAME; its volumes keep theirs."""
    session.confirm(f"Rename VM '{name}' to '{new_name}'?", is_sure=yes)
    answer = session.client.post("vm", name, "rename", new_name=new_name)
    show_message(session, answer.body)


@click.command()
@vm_argument
@yes_option
@click.pass_obj
def undefine(session: Session, name: str, *, yes: bool) -> None:
    """Stop VM and remove it; its volumes stay."""
    session.confirm(f"Stop VM '{name}' and remove it, but not its volumes?", is_sure=yes)
    show_message(session, session.client.delete("vm", name, delete_disks=False).body)


@click.command()
@vm_argument
@yes_option
@click.pass_obj
def remove(session: Session, name: str, *, yes: bool) -> None:
    """Stop VM and remove it with its volumes and all that is on them."""
    if not yes and not session.is_unsafe:
        disks = one_vm(session, name, "disks").get("disks") or ()
        volumes = ", ".join(str(d.get("name")) for d in disks if d.get("type") == "rbd")
        what = f" with its volumes {volumes}" if volumes else ", which has no volumes"
        session.confirm(f"Stop VM '{name}' and remove it{what}?", is_sure=False)
    show_message(session, session.client.delete("vm", name, delete_disks=True).body)

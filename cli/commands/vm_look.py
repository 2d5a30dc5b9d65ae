"""`pvc vm list`, `info` and `dump`: looking at VMs."""

from typing import TextIO

import click

from cli.completion import tags
from cli.output import format_option, show
from cli.session import Session
from cli.views import vm as view
from cli.vm import one_vm, target_option, vm_argument, xml_of

_FORMATS = ("pretty", "raw", "json", "json-pretty")


@click.command("list")
@click.argument("limit", required=False)
@target_option("Only VMs on this node.")
@click.option("-s", "--state", help="Only VMs in this state.")
@click.option("-g", "--tag", shell_complete=tags, help="Only VMs with this tag.")
@click.option("-n", "--negate", is_flag=True, help="Only VMs of which the filter is not true.")
@format_option(*_FORMATS)
@click.pass_obj
def list_(
    session: Session,
    limit: str | None,
    target: str | None,
    state: str | None,
    tag: str | None,
    form: str,
    *,
    negate: bool,
) -> None:
    """List the VMs, or those whose name matches the pattern LIMIT."""
    shown = {"pretty": view.LISTED, "raw": ("name",)}.get(form, ())
    answer = session.client.get(
        "vm",
        limit=limit,
        node=target,
        state=state,
        tag=tag,
        negate=True if negate else None,
        fields=",".join(shown) or None,
    )
    vms = session.fresh(answer)
    show(
        session,
        form,
        vms,
        {
            "pretty": lambda: view.vms_table(vms, session.width),
            "raw": lambda: view.vm_names(vms),
        },
    )


@click.command()
@vm_argument
@format_option("pretty", "long", "json", "json-pretty")
@click.pass_obj
def info(session: Session, name: str, form: str) -> None:
    """Show one VM: its state, hardware and rules; `-f long` also what it has used."""
    from cli.views.vm_info import vm_details

    found = one_vm(session, name)
    show(
        session,
        form,
        found,
        {
            "pretty": lambda: vm_details(found, is_long=False, width=session.width),
            "long": lambda: vm_details(found, is_long=True, width=session.width),
        },
    )


@click.command()
@vm_argument
@click.option("-f", "--file", type=click.File("w"), help="Write it to this file.")
@click.pass_obj
def dump(session: Session, name: str, file: TextIO | None) -> None:
    """Print the definition of VM, which libvirt gets whenever it is started."""
    xml = xml_of(one_vm(session, name, "xml"), name)
    if file is None:
        session.say(xml.rstrip("\n"))
    else:
        file.write(xml)

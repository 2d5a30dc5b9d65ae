"""`pvc vm vcpu`: how many vCPUs a VM has."""

import click

from cli.output import format_option, show
from cli.redefine import effect, redefine
from cli.session import Session
from cli.views.vm_parts import vcpu_details
from cli.vm import one_vm, restart_option, vm_argument, xml_of, yes_option


@click.group()
def vcpu() -> None:
    """Look at the vCPUs of a VM, or set them."""


@vcpu.command()
@vm_argument
@format_option("pretty", "raw", "json", "json-pretty")
@click.pass_obj
def get(session: Session, name: str, form: str) -> None:
    """Show how many vCPUs VM has."""
    found = one_vm(session, name, "name", "vcpu", "vcpu_topology")
    part = {field: found.get(field) for field in ("name", "vcpu", "vcpu_topology")}
    show(
        session,
        form,
        part,
        {"pretty": lambda: vcpu_details(found), "raw": lambda: str(found.get("vcpu"))},
    )


@vcpu.command("set")
@vm_argument
@click.argument("vcpus", type=click.IntRange(min=1))
@click.option(
    "-t",
    "--topology",
    metavar="SOCKETS,CORES,THREADS",
    help="How they are arranged; without it one socket of as many cores.",
)
@restart_option
@yes_option
@click.pass_obj
def set_(
    session: Session,
    name: str,
    vcpus: int,
    topology: str | None,
    *,
    restart: bool | None,
    yes: bool,
) -> None:
    """Give VM so many VCPUS."""
    from cluster.definition.editing import parse_topology, with_vcpus

    vm = one_vm(session, name, "xml", "state")
    arranged = parse_topology(topology) if topology else None
    xml = with_vcpus(xml_of(vm, name), vcpus, arranged)
    redefine(session, name, xml, effect(session, vm, name, restart=restart, is_sure=yes))

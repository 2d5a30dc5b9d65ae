"""`pvc vm memory`: how much memory a VM has."""

import re
from typing import Final

import click

from cli.output import format_option, show
from cli.redefine import effect, redefine
from cli.session import Session
from cli.views.vm_parts import memory_details
from cli.vm import one_vm, restart_option, vm_argument, xml_of, yes_option

_AMOUNT: Final = re.compile(r"(\d{1,9})(M|G|T)?i?B?", re.IGNORECASE)
_MIB_OF: Final = {"M": 1, "G": 1024, "T": 1024 * 1024}


def _mib(_context: click.Context, _parameter: click.Parameter, value: str) -> int:
    found = _AMOUNT.fullmatch(value.strip())
    if found is None or not int(found.group(1)):
        raise click.BadParameter(f"{value!r} is no amount of memory: give MiB, or a unit (2G).")
    return int(found.group(1)) * _MIB_OF[(found.group(2) or "M").upper()]


@click.group()
def memory() -> None:
    """Look at the memory of a VM, or set it."""


@memory.command()
@vm_argument
@format_option("pretty", "raw", "json", "json-pretty")
@click.pass_obj
def get(session: Session, name: str, form: str) -> None:
    """Show how much memory VM has."""
    found = one_vm(session, name, "name", "memory")
    part = {field: found.get(field) for field in ("name", "memory")}
    show(
        session,
        form,
        part,
        {"pretty": lambda: memory_details(found), "raw": lambda: str(found.get("memory"))},
    )


@memory.command("set")
@vm_argument
@click.argument("memory_mb", metavar="MEMORY", callback=_mib)
@restart_option
@yes_option
@click.pass_obj
def set_(session: Session, name: str, memory_mb: int, *, restart: bool | None, yes: bool) -> None:
    """Give VM so much MEMORY: MiB, or with a unit (2G)."""
    from cluster.definition.editing import with_memory

    vm = one_vm(session, name, "xml", "state")
    xml = with_memory(xml_of(vm, name), memory_mb)
    redefine(session, name, xml, effect(session, vm, name, restart=restart, is_sure=yes))

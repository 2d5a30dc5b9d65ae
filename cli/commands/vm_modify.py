"""`pvc vm modify`: the definition of a VM, changed in an editor or by a file."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TextIO

import click

from cli.difference import difference
from cli.edited import edited
from cli.redefine import effect, redefine
from cli.session import Session
from cli.vm import one_vm, vm_argument, xml_of
from cli.xml_file import read_xml


@dataclass(frozen=True, slots=True, kw_only=True)
class Sure:
    """Which questions are answered already."""

    diff: bool
    restart: bool


@click.command()
@vm_argument
@click.argument("cfgfile", required=False, type=click.File(encoding="utf-8"))
@click.option("-e", "--editor", is_flag=True, help="Change it in your editor ($EDITOR).")
@click.option("-r", "--restart", is_flag=True, help="Restart it, so that it takes effect.")
@click.option("-d", "--confirm-diff", is_flag=True, help="Do not ask about the difference.")
@click.option("-c", "--confirm-restart", is_flag=True, help="Do not ask about the restart.")
@click.option("-y", "--yes", is_flag=True, help="Ask neither.")
@click.pass_obj
def modify(
    session: Session,
    name: str,
    cfgfile: TextIO | None,
    *,
    editor: bool,
    restart: bool,
    confirm_diff: bool,
    confirm_restart: bool,
    yes: bool,
) -> None:
    """Replace the definition of VM by the file CFGFILE (`-` for standard input), or edit it."""
    if editor == (cfgfile is not None):
        raise click.UsageError("Give either --editor or a CFGFILE.")
    vm = one_vm(session, name, "xml", "state")
    old = xml_of(vm, name)
    sure = Sure(diff=confirm_diff or yes, restart=confirm_restart or yes)
    if cfgfile is not None:
        _write(session, vm, name, (old, read_xml(cfgfile)), restart=restart, sure=sure)
        return
    with edited(session, old, f"pvc vm modify {name}") as new:
        _write(session, vm, name, (old, new), restart=restart, sure=sure)


def _write(
    session: Session,
    vm: Mapping[str, Any],
    name: str,
    texts: tuple[str, str],
    *,
    restart: bool,
    sure: Sure,
) -> None:
    old, new = texts
    shown = difference(old, new, name)
    if not shown:
        session.say("Nothing was changed.")
        return
    session.say(shown)
    session.confirm(f"Write this definition of VM '{name}'?", is_sure=sure.diff)
    how = effect(session, vm, name, restart=restart, is_sure=sure.restart)
    redefine(session, name, new, how)

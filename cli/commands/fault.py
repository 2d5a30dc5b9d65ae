"""`pvc cluster fault`: what needs an operator's attention."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import click

from cli.errors import explained
from cli.output import format_option, show, show_message
from cli.session import Session
from cli.views import fault as view
from runtime.errors import NotFound, Refused

if TYPE_CHECKING:
    from cli.api_client import Answer


@click.group()
def fault() -> None:
    """Look at faults, acknowledge and delete them."""


@fault.command("list")
@click.argument("limit", required=False)
@format_option("short", "long", "json", "json-pretty")
@click.pass_obj
def list_(session: Session, limit: str | None, form: str) -> None:
    """List the faults, or the one whose id is LIMIT."""
    if limit is None:
        answer = session.client.get("faults", sort_key="last_reported")
    else:
        answer = session.client.get("faults", limit)
    faults = session.fresh(answer) or []
    if limit is not None and not faults:
        raise NotFound(f"there is no fault '{limit}'", fault=limit)
    show(
        session,
        form,
        faults,
        {
            "short": lambda: view.faults_short(faults, session.width),
            "long": lambda: view.faults_long(faults),
        },
    )


@fault.command()
@click.argument("fault_ids", metavar="FAULT_ID...", nargs=-1, required=True)
@click.pass_obj
def ack(session: Session, fault_ids: tuple[str, ...]) -> None:
    """Acknowledge faults: they stay listed, and no longer count."""
    _each(session, fault_ids, lambda fault_id: session.client.put("faults", fault_id))


@fault.command("ack-all")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def ack_all(session: Session, *, yes: bool) -> None:
    """Acknowledge all faults."""
    session.confirm("Acknowledge all faults?", is_sure=yes)
    show_message(session, session.client.put("faults").body)


@fault.command()
@click.argument("fault_ids", metavar="FAULT_ID...", nargs=-1, required=True)
@click.pass_obj
def delete(session: Session, fault_ids: tuple[str, ...]) -> None:
    """Delete faults; one that lasts is reported again."""
    _each(session, fault_ids, lambda fault_id: session.client.delete("faults", fault_id))


@fault.command("delete-all")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def delete_all(session: Session, *, yes: bool) -> None:
    """Delete all faults."""
    session.confirm("Delete all faults?", is_sure=yes)
    show_message(session, session.client.delete("faults").body)


def _each(session: Session, fault_ids: Sequence[str], call: "Callable[[str], Answer]") -> None:
    """Do it for each fault; one that is refused does not keep the others from it."""
    failed = 0
    for fault_id in fault_ids:
        try:
            show_message(session, call(fault_id).body)
        except Refused as refused:
            failed += 1
            session.tell(f"{fault_id}: {explained(refused)}")
    if failed:
        raise Refused(f"{failed} of {len(fault_ids)} faults were refused")

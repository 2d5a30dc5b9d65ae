"""`pvc node flush` and `ready`: whether a node takes VMs."""

from collections.abc import Mapping
from typing import Any

import click

from cli.answer import one
from cli.flush_look import Before, flush_look
from cli.node import node_argument
from cli.output import show_message
from cli.session import Session
from cli.waiting import wait as wait_for

_wait_option = click.option("-w", "--wait", is_flag=True, help="Wait until it is done.")


@click.command()
@node_argument
@_wait_option
@click.pass_obj
def flush(session: Session, name: str, *, wait: bool) -> None:
    """Move all VMs away from NODE and let no other come."""
    _order(session, name, "flush", wait=wait)


@click.command()
@node_argument
@_wait_option
@click.pass_obj
def ready(session: Session, name: str, *, wait: bool) -> None:
    """Let NODE take VMs again and bring home those that a flush moved away."""
    _order(session, name, "ready", wait=wait)


def _order(session: Session, name: str, state: str, *, wait: bool) -> None:
    before = Before.of(_shown(session, name)) if wait else None
    answer = session.client.post("node", name, "domain-state", state=state)
    if before is None:
        show_message(session, answer.body)
        return
    said = wait_for(
        session,
        lambda: flush_look(_shown(session, name), name, state, before),
        f"Node '{name}' goes on: pvc node info {name}",
    )
    session.say(said)


def _shown(session: Session, name: str) -> Mapping[str, Any]:
    return one(session.fresh(session.client.get("node", name)), "node", name)

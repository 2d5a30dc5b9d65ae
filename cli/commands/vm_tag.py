"""`pvc vm tag`: words by which VMs are found."""

import click

from cli.answer import one
from cli.completion import tags, tags_of_vm
from cli.output import format_option, show, show_message
from cli.session import Session
from cli.views.vm import tag_names
from cli.views.vm_parts import tags_table
from cli.vm import vm_argument


@click.group()
def tag() -> None:
    """Look at the tags of a VM, add and remove them."""


@tag.command()
@vm_argument
@format_option("pretty", "raw", "json", "json-pretty")
@click.pass_obj
def get(session: Session, name: str, form: str) -> None:
    """List the tags of VM."""
    found = one(session.fresh(session.client.get("vm", name, "tags")), "VM", name)
    show(
        session,
        form,
        found.get("tags"),
        {
            "pretty": lambda: tags_table(found) or f"VM '{name}' has no tags.",
            "raw": lambda: "\n".join(tag_names(found)),
        },
    )


@tag.command()
@vm_argument
@click.argument("word", metavar="TAG", shell_complete=tags)
@click.option("-p", "--protected", is_flag=True, help="It cannot be removed.")
@click.pass_obj
def add(session: Session, name: str, word: str, *, protected: bool) -> None:
    """Add TAG to VM."""
    answer = session.client.post("vm", name, "tags", action="add", tag=word, protected=protected)
    show_message(session, answer.body)


@tag.command()
@vm_argument
@click.argument("word", metavar="TAG", shell_complete=tags_of_vm)
@click.pass_obj
def remove(session: Session, name: str, word: str) -> None:
    """Remove TAG from VM."""
    answer = session.client.post("vm", name, "tags", action="remove", tag=word, protected=False)
    show_message(session, answer.body)

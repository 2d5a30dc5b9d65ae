"""How a result is printed: the formats every command shares."""

import json
from collections.abc import Callable
from typing import Any, TypeVar

import click

from cli.session import Session

F = TypeVar("F", bound=Callable[..., Any])


def format_option(*formats: str) -> Callable[[F], F]:
    """Return the option `-f` with these formats, the first being the default, and yaml."""
    return click.option(
        "-f",
        "--format",
        "form",
        type=click.Choice((*formats, "yaml")),
        default=formats[0],
        show_default=True,
        help="How to print it.",
    )


def show(session: Session, form: str, value: Any, views: dict[str, Callable[[], str]]) -> None:
    """Print `value` as it came, or one of the views for people."""
    if form in views:
        text = views[form]()
        if text:
            session.say(text)
    elif form == "yaml":
        from runtime.config.yaml_file import to_yaml

        session.say(to_yaml(value).rstrip("\n"))
    else:
        session.say(json.dumps(value, indent=4 if form == "json-pretty" else None))


def show_message(session: Session, body: object) -> None:
    """Print what the API says of an order it has carried out."""
    message = body.get("message") if isinstance(body, dict) else None
    session.say(str(message) if message else "Done.")

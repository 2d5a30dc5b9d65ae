"""`pvc connection`: the APIs that pvc knows."""

import sys
from typing import Any

import click

from cli.connections import DEFAULT_PORT
from cli.output import format_option, show
from cli.session import LOCAL, Session
from cli.target import Target
from cli.views import connection as view
from runtime.errors import ConfigError, Invalid, PvcError

_HIDDEN = "HIDDEN"
_AT_ONCE = 8


@click.group()
def connection() -> None:
    """Manage the APIs that pvc knows."""


@connection.command()
@click.argument("name")
@click.option("-d", "--description", default="N/A", help="What it is.")
@click.option("-a", "--address", required=True, help="Name or address of the API.")
@click.option(
    "-p", "--port", type=click.IntRange(1, 65535), default=DEFAULT_PORT, show_default=True
)
@click.option("-k", "--api-key", help="The token; `-` reads it from standard input.")
@click.option("-s/-S", "--ssl/--no-ssl", "has_tls", default=False, help="Whether to use TLS.")
@click.pass_obj
def add(
    session: Session,
    name: str,
    description: str,
    address: str,
    port: int,
    api_key: str | None,
    *,
    has_tls: bool,
) -> None:
    """Store the connection NAME, or replace it."""
    if name == LOCAL:
        raise Invalid(f"'{LOCAL}' is the API of this machine; choose another name")
    was_there = name in session.store.entries()
    key = sys.stdin.readline().strip() if api_key == "-" else (api_key or "")
    session.store.put(
        name,
        {
            "description": description,
            "host": address,
            "port": port,
            "scheme": "https" if has_tls else "http",
            "api_key": key,
        },
    )
    session.say(f"{'Replaced' if was_there else 'Added'} connection '{name}'.")


@connection.command()
@click.argument("name")
@click.pass_obj
def remove(session: Session, name: str) -> None:
    """Forget the connection NAME."""
    session.store.remove(name)
    session.say(f"Removed connection '{name}'.")


@connection.command("list")
@click.option("-k", "--show-keys", is_flag=True, help="Print the API keys.")
@format_option("pretty", "raw", "json", "json-pretty", "json-prometheus")
@click.pass_obj
def list_(session: Session, form: str, *, show_keys: bool) -> None:
    """List the connections."""
    listed = [_listed(session, name, show_keys=show_keys) for name in _names(session)]
    if form == "json-prometheus":
        show(session, "json", view.prometheus_targets(listed), {})
        return
    show(
        session,
        form,
        listed,
        {
            "pretty": lambda: view.connections_table(listed),
            "raw": lambda: view.connection_names(listed),
        },
    )


@connection.command()
@format_option("pretty", "json", "json-pretty")
@click.pass_obj
def detail(session: Session, form: str) -> None:
    """List the connections with what their clusters say."""
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        details = list(pool.map(lambda name: _detail(session, name), _names(session)))
    show(session, form, details, {"pretty": lambda: view.details_table(details, session.width)})


def _names(session: Session) -> list[str]:
    return sorted({LOCAL, *session.store.entries()}, key=lambda name: (name != LOCAL, name))


def _listed(session: Session, name: str, *, show_keys: bool) -> dict[str, Any]:
    try:
        target = session.target(name)
    except ConfigError as error:
        return {"name": name, "description": error.message.split(":")[0]}
    return {
        "name": name,
        "description": target.description,
        "address": target.host,
        "port": target.port,
        "scheme": target.scheme,
        "api_key": target.api_key if show_keys or not target.api_key else _HIDDEN,
    }


def _detail(session: Session, name: str) -> dict[str, Any]:
    shown: dict[str, Any] = {"name": name}
    try:
        target = session.target(name)
        shown |= {"description": target.description, "address": target.host, "port": target.port}
        return shown | _status(session, target)
    except PvcError as error:
        return shown | {"error": error.message.partition(";")[0].partition(": there")[0]}


def _status(session: Session, target: Target) -> dict[str, Any]:
    status = session.client_of(target, tries=1).get("status").body or {}
    counted = {name: _total(status.get(name)) for name in ("nodes", "vms", "osds")}
    plain = {name: status.get(name) for name in ("networks", "pools", "volumes", "snapshots")}
    return {
        "health": (status.get("cluster_health") or {}).get("health"),
        "primary_node": status.get("primary_node"),
        "pvc_version": status.get("pvc_version"),
        **counted,
        **plain,
    }


def _total(counts: Any) -> Any:
    return counts.get("total") if isinstance(counts, dict) else counts

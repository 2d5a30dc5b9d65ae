"""Connections as text; pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from cli.table import Column, printable, table
from cli.views.state import health

Connection = Mapping[str, Any]


def connections_table(connections: Sequence[Connection]) -> str:
    """Return one line per connection."""
    columns = (
        Column("NAME"),
        Column("ADDRESS"),
        Column("PORT", is_number=True),
        Column("SCHEME"),
        Column("API KEY"),
        Column("DESCRIPTION"),
    )
    fields = ("name", "address", "port", "scheme", "api_key", "description")
    return table(columns, (tuple(printable(c.get(f)) for f in fields) for c in connections))


def connection_names(connections: Sequence[Connection]) -> str:
    """Return the names, one per line."""
    return "\n".join(printable(connection.get("name")) for connection in connections)


def prometheus_targets(connections: Sequence[Connection]) -> list[dict[str, Any]]:
    """Return the connections as targets of Prometheus' HTTP service discovery."""
    return [
        {
            "targets": [f"{c.get('address')}:{c.get('port')}"],
            "labels": {
                "__scheme__": str(c.get("scheme")),
                "connection": str(c.get("name")),
                "description": str(c.get("description")),
            },
        }
        for c in connections
        if c.get("address")
    ]


def details_table(details: Sequence[Connection], width: int | None = None) -> str:
    """Return one line per connection with what its cluster says."""
    columns = (
        Column("NAME"),
        Column("ADDRESS"),
        Column("HEALTH", is_number=True),
        Column("PRIMARY"),
        Column("VERSION"),
        Column("NODES", is_number=True),
        Column("VMS", is_number=True),
        Column("NETS", is_number=True),
        Column("OSDS", is_number=True),
        Column("NOTE"),
    )
    return table(columns, (_detail(detail) for detail in details), width)


def _detail(detail: Connection) -> tuple[str, ...]:
    return (
        printable(detail.get("name")),
        printable(detail.get("address")),
        health(detail.get("health")),
        printable(detail.get("primary_node")),
        printable(detail.get("pvc_version")),
        *(printable(detail.get(name)) for name in ("nodes", "vms", "networks", "osds")),
        printable(detail.get("error"), missing=""),
    )

"""Faults as text; pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from cli.table import Column, pairs, printable, table
from cli.views.state import state

Fault = Mapping[str, Any]


def faults_short(faults: Sequence[Fault], width: int | None = None) -> str:
    """Return one line per fault."""
    if not faults:
        return "There are no faults."
    columns = (
        Column("LAST REPORTED"),
        Column("STATUS"),
        Column("DELTA", is_number=True),
        Column("FAULT"),
        Column("MESSAGE"),
    )
    return table(columns, (_row(fault) for fault in faults), width)


def faults_long(faults: Sequence[Fault]) -> str:
    """Return everything about each fault."""
    return "\n\n".join(pairs(_facts(fault)) for fault in faults) or "There are no faults."


def _row(fault: Fault) -> tuple[str, ...]:
    return (
        printable(fault.get("last_reported")),
        state(fault.get("status")),
        _delta(fault),
        printable(fault.get("id")),
        printable(fault.get("message")),
    )


def _facts(fault: Fault) -> list[tuple[str, str]]:
    return [
        ("Fault", printable(fault.get("id"))),
        ("Status", state(fault.get("status"))),
        ("Health", _delta(fault)),
        ("First reported", printable(fault.get("first_reported"))),
        ("Last reported", printable(fault.get("last_reported"))),
        ("Acknowledged", printable(fault.get("acknowledged_at"))),
        ("Message", printable(fault.get("message"))),
    ]


def _delta(fault: Fault) -> str:
    delta = fault.get("health_delta")
    return f"-{delta}%" if isinstance(delta, int) and delta else printable(delta)

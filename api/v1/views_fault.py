"""Faults as version 1 of the wire has them; pure."""

from collections.abc import Callable, Iterable
from typing import Any, Final

from cluster.model.fault import Fault

SORT_KEYS: Final = (
    "first_reported",
    "last_reported",
    "acknowledged_at",
    "status",
    "health_delta",
    "message",
)
_NEWEST_FIRST: Final = frozenset({"first_reported", "last_reported"})


def fault_view(fault: Fault) -> dict[str, Any]:
    """Return one fault."""
    return {
        "id": fault.id,
        "first_reported": fault.first_reported,
        "last_reported": fault.last_reported,
        "acknowledged_at": fault.acknowledged_at,
        "status": fault.status.value,
        "health_delta": fault.health_delta,
        "message": fault.message,
    }


def sorted_faults(faults: Iterable[Fault], sort_key: str) -> list[Fault]:
    """Return faults in the order asked for, equal ones by their id."""
    keys: dict[str, Callable[[Fault], Any]] = {
        "first_reported": lambda fault: fault.first_reported,
        "last_reported": lambda fault: fault.last_reported,
        "acknowledged_at": lambda fault: fault.acknowledged_at,
        "status": lambda fault: fault.status.value,
        "health_delta": lambda fault: fault.health_delta,
        "message": lambda fault: fault.message,
    }
    by_id = sorted(faults, key=lambda fault: fault.id)
    return sorted(by_id, key=keys[sort_key], reverse=sort_key in _NEWEST_FIRST)

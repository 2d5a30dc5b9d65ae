"""An OSD: one disk of the storage cluster."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Osd:
    """An OSD as counts and sums need it."""

    id: str
    is_up: bool
    is_in: bool
    total_kb: int = 0
    used_kb: int = 0
    free_kb: int = 0

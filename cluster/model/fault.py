"""A fault: a condition shown to operators until acknowledged or gone."""

from dataclasses import dataclass
from enum import StrEnum


class FaultStatus(StrEnum):
    """Whether somebody has taken notice."""

    NEW = "new"
    ACKNOWLEDGED = "ack"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A fault; times are UTC, `YYYY-MM-DD HH:MM:SS`, for people only."""

    id: str
    first_reported: str
    last_reported: str
    acknowledged_at: str
    """Empty until somebody has acknowledged it."""
    health_delta: int
    """By how much it lowers the cluster's health, in percent."""
    message: str

    @property
    def status(self) -> FaultStatus:
        """Whether it is acknowledged."""
        return FaultStatus.ACKNOWLEDGED if self.acknowledged_at else FaultStatus.NEW

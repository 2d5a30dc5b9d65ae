"""Schema 11: faults."""

from typing import Final

from cluster.schema.steps.adding import adding

STEP: Final = adding(
    11,
    "faults",
    "faults",
    "faults.first_time",
    "faults.last_time",
    "faults.ack_time",
    "faults.status",
    "faults.delta",
    "faults.message",
)

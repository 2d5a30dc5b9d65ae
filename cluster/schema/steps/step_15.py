"""Schema 15: fencing has a lock of its own."""

from typing import Final

from cluster.schema.steps.adding import adding

STEP: Final = adding(
    15,
    "lock for fencing",
    "cluster.fence_lock",
)

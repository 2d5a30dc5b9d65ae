"""Schema 7: pools have a tier."""

from typing import Final

from cluster.schema.steps.adding import adding

STEP: Final = adding(
    7,
    "tier of pools",
    "pool.tier",
)

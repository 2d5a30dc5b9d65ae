"""Schema 5: OSDs may have a database device."""

from typing import Final

from cluster.schema.steps.adding import adding

STEP: Final = adding(
    5,
    "database device of OSDs",
    "osd.db_device",
)

"""Schema 2: nodes say which software they run."""

from typing import Final

from cluster.schema.steps.adding import adding

STEP: Final = adding(
    2,
    "software version of nodes",
    "node.version",
)

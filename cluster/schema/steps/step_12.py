"""Schema 12: nodes say how busy their interfaces are."""

from typing import Final

from cluster.schema.steps.adding import adding

STEP: Final = adding(
    12,
    "rates of nodes' interfaces",
    "node.network.stats",
)

"""Schema 4: nodes have a log in the tree."""

from typing import Final

from cluster.schema.steps.adding import adding

STEP: Final = adding(
    4,
    "logs of nodes",
    "logs",
    "node.log.messages",
)

"""Schema 6: client networks have an MTU."""

from typing import Final

from cluster.schema.steps.adding import adding

STEP: Final = adding(
    6,
    "MTU of client networks",
    "network.mtu",
)

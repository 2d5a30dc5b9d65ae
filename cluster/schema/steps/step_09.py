"""Schema 9: Ceph's health and the nodes' monitoring."""

from typing import Final

from cluster.schema.steps.adding import adding

STEP: Final = adding(
    9,
    "health of Ceph, monitoring of nodes",
    "storage.health",
    "node.monitoring.plugins",
    "node.monitoring.data",
    "node.monitoring.health",
    "node.monitoring.plugin.last_run",
    "node.monitoring.plugin.health_delta",
    "node.monitoring.plugin.message",
    "node.monitoring.plugin.data",
    "node.monitoring.plugin.runtime",
)

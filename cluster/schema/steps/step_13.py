"""Schema 13: VMs have a maximum downtime for live migration."""

from typing import Final

from cluster.schema.steps.adding import adding

STEP: Final = adding(
    13,
    "maximum downtime of live migrations",
    "domain.meta.migrate_max_downtime",
)

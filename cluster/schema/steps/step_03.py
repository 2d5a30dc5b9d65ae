"""Schema 3: VMs have tags."""

from typing import Final

from cluster.schema.steps.adding import adding

STEP: Final = adding(
    3,
    "tags of VMs",
    "domain.meta.tags",
    "domain.tag.type",
    "domain.tag.protected",
)

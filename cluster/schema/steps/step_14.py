"""Schema 14: VMs have snapshots."""

from typing import Final

from cluster.schema.steps.adding import adding

STEP: Final = adding(
    14,
    "snapshots of VMs",
    "vm.snapshots",
    "vm.snapshot.xml",
    "domain.snapshot.timestamp",
    "domain.snapshot.rbd_snapshots",
)

"""Schema 8: OSDs know their ids and logical volumes."""

from typing import Final

from cluster.schema.steps.adding import adding

STEP: Final = adding(
    8,
    "ids and logical volumes of OSDs",
    "osd.fsid",
    "osd.fsid.osd",
    "osd.fsid.cluster",
    "osd.lvm",
    "osd.lvm.vg",
    "osd.lvm.lv",
)

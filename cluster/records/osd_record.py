"""OSDs in the tree."""

from cluster.model.osd import Osd
from cluster.records.view import TreeView
from cluster.schema import codec
from cluster.schema.layout import Layout


def read(view: TreeView, layout: Layout, osd: str) -> Osd | None:
    """Return one OSD, None when there is none; one without statistics is down and out."""
    if view.get(layout.path("osd", osd=osd)) is None:
        return None
    stats = codec.read_object(view.get(layout.path("osd.stats", osd=osd))) or {}
    return Osd(
        id=osd,
        is_up=codec.as_integer(stats.get("up")) == 1,
        is_in=codec.as_integer(stats.get("in")) == 1,
        total_kb=codec.as_integer(stats.get("kb")),
        used_kb=codec.as_integer(stats.get("kb_used")),
        free_kb=codec.as_integer(stats.get("kb_avail")),
    )

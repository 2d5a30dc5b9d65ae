"""The cluster as a whole in the tree."""

from cluster.model.cluster import Cluster, Maintenance
from cluster.records.view import TreeView
from cluster.schema import codec
from cluster.schema.layout import Layout

_NOBODY = frozenset({"", "none", "None"})


def read(view: TreeView, layout: Layout) -> Cluster:
    """Return what is kept of the cluster as a whole, with how much it has of what."""
    return Cluster(
        name=codec.read_text(view.get(layout.path("cluster"))),
        maintenance=read_maintenance(view, layout),
        primary_node=_node(view, layout, "cluster.primary_node"),
        wanted_primary=_node(view, layout, "cluster.wanted_primary"),
        upstream_ip=codec.read_text(view.get(layout.path("cluster.upstream_ip"))),
        networks=_count(view, layout.path("networks"), 1),
        osds=_count(view, layout.path("osds"), 1),
        pools=_count(view, layout.path("pools"), 1),
        volumes=_count(view, layout.path("volumes"), 2),
        snapshots=_count(view, layout.path("snapshots"), 3),
    )


def read_maintenance(view: TreeView, layout: Layout) -> Maintenance:
    """Return whether nobody is to be fenced now, and why."""
    plain = codec.read_object(view.get(layout.path("cluster.wanted_maintenance"))) or {}
    return Maintenance(
        is_on=codec.as_flag(plain.get("is_on")),
        reason=codec.as_text(plain.get("reason")),
        until=codec.as_text(plain.get("until")),
        by=codec.as_text(plain.get("by")),
    )


def maintenance_data(maintenance: Maintenance) -> bytes:
    """Return what `cluster.wanted_maintenance` holds."""
    return codec.to_json(
        {
            "is_on": maintenance.is_on,
            "reason": maintenance.reason,
            "until": maintenance.until or None,
            "by": maintenance.by,
        }
    )


def _node(view: TreeView, layout: Layout, key: str) -> str:
    name = codec.read_text(view.get(layout.path(key)))
    return "" if name in _NOBODY else name


def _count(view: TreeView, path: str, depth: int) -> int:
    """Count the keys so many levels below a key."""
    names = list(view.children(path) or ())
    if depth == 1:
        return len(names)
    return sum(_count(view, f"{path}/{name}", depth - 1) for name in names)

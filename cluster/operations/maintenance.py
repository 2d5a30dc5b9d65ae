"""Maintenance: while it is on nobody is fenced."""

from cluster.model.cluster import Maintenance
from cluster.records.cluster_record import maintenance_data
from cluster.schema.layout import Layout
from cluster.store.store import Create, Store, Write
from runtime.deadline import Deadline


def set_maintenance(store: Store, layout: Layout, wanted: Maintenance, deadline: Deadline) -> None:
    """Begin or end maintenance; `Conflict` when somebody else has just given another order."""
    path = layout.path("cluster.wanted_maintenance")
    there = store.read(path, deadline)
    data = maintenance_data(wanted)
    if there is None:
        store.apply([Create(path, data)], deadline)
    elif there.data != data:
        store.apply([Write(path, data, there.version)], deadline)

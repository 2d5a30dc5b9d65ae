"""What people can order of a node: that it takes VMs, or that none is left on it."""

from cluster.model.node import WantedDomainState
from cluster.operations.attempt import until_applied
from cluster.records.vm_keys import put
from cluster.schema.layout import Layout
from cluster.schema.shape import can_be_name
from cluster.store.store import Change, Store
from runtime.deadline import Deadline
from runtime.errors import NotFound


def order_domain_state(
    store: Store, layout: Layout, node: str, wanted: WantedDomainState, *, deadline: Deadline
) -> None:
    """Order a node to be flushed or ready; raises `NotFound`. The opposite order interrupts one
    that is under way, the same order again changes nothing."""
    if not can_be_name(node):
        raise NotFound(f"there is no node {node}", node=node)
    there, path = (layout.path(key, node=node) for key in ("node", "node.wanted_domain_state"))

    def decide() -> tuple[list[Change], None]:
        values = store.read_many((there, path), deadline)
        if values[there] is None:
            raise NotFound(f"there is no node {node}", node=node)
        value, data = values[path], wanted.encode()
        if value is not None and value.data == data:
            return [], None
        return [put(path, data, None if value is None else value.version)], None

    until_applied(store, decide, deadline, what=f"the node {node}")

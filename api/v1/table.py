"""All endpoints of version 1: importing the routes fills the table."""

from typing import Final

from api.v1 import (
    routes_cluster,
    routes_docs,
    routes_fault,
    routes_node,
    routes_node_state,
    routes_session,
    routes_task,
    routes_vm,
    routes_vm_console,
    routes_vm_define,
    routes_vm_labels,
    routes_vm_state,
    routes_vm_task,
)
from api.v1.endpoint import ENDPOINTS, Endpoint

_ROUTES: Final = (
    routes_session,
    routes_cluster,
    routes_node,
    routes_node_state,
    routes_fault,
    routes_task,
    routes_vm,
    routes_vm_console,
    routes_vm_define,
    routes_vm_labels,
    routes_vm_state,
    routes_vm_task,
    routes_docs,
)


def endpoints() -> tuple[Endpoint, ...]:
    """Return the whole table."""
    return tuple(ENDPOINTS)

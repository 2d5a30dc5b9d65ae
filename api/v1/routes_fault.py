"""Faults: conditions that people should look at."""

from typing import Final

from api.access import Access
from api.v1.endpoint import Answer, Call, endpoint
from api.v1.parameter import Parameter
from api.v1.views_fault import SORT_KEYS, fault_view, sorted_faults
from cluster.operations import fault_orders

GROUP: Final = "fault"
_NO_SUCH_FAULT: Final = {404: "there is no such fault"}


@endpoint(
    "GET",
    "/faults",
    Parameter(
        name="sort_key",
        about="What to sort by; the times newest first.",
        choices=SORT_KEYS,
        default="last_reported",
    ),
    group=GROUP,
    access=Access.READ,
    answer="[fault]",
)
def get_faults(call: Call) -> Answer:
    """List all faults."""
    faults = sorted_faults(call.services.cluster.faults(), call.arguments.required("sort_key"))
    return Answer([fault_view(fault) for fault in faults])


@endpoint("PUT", "/faults", group=GROUP, access=Access.CHANGE, answer="message")
def put_faults(call: Call) -> Answer:
    """Acknowledge all faults."""
    services = call.services
    fault_orders.acknowledge_all(
        services.store, services.layout, at=services.clock.wall(), deadline=services.deadline()
    )
    return Answer({"message": "All faults are acknowledged."})


@endpoint("DELETE", "/faults", group=GROUP, access=Access.CHANGE, answer="message")
def delete_faults(call: Call) -> Answer:
    """Delete all faults; those still seen by their reporters come back."""
    services = call.services
    fault_orders.remove_all(services.store, services.layout, deadline=services.deadline())
    return Answer({"message": "All faults are deleted."})


@endpoint("GET", "/faults/<fault_id>", group=GROUP, access=Access.READ, answer="[fault]")
def get_fault(call: Call) -> Answer:
    """Show one fault, as a list of one; an unknown one is an empty list."""
    wanted = call.arguments.required("fault_id")
    faults = call.services.cluster.faults()
    return Answer([fault_view(fault) for fault in faults if fault.id == wanted])


@endpoint(
    "PUT",
    "/faults/<fault_id>",
    group=GROUP,
    access=Access.CHANGE,
    answer="message",
    codes=_NO_SUCH_FAULT,
)
def put_fault(call: Call) -> Answer:
    """Acknowledge a fault."""
    services, fault = call.services, call.arguments.required("fault_id")
    fault_orders.acknowledge(
        services.store,
        services.layout,
        fault,
        at=services.clock.wall(),
        deadline=services.deadline(),
    )
    return Answer({"message": f"Fault '{fault}' is acknowledged."})


@endpoint(
    "DELETE",
    "/faults/<fault_id>",
    group=GROUP,
    access=Access.CHANGE,
    answer="message",
    codes=_NO_SUCH_FAULT,
)
def delete_fault(call: Call) -> Answer:
    """Delete a fault; it comes back if its reporter still sees it."""
    services, fault = call.services, call.arguments.required("fault_id")
    fault_orders.remove(services.store, services.layout, fault, deadline=services.deadline())
    return Answer({"message": f"Fault '{fault}' is deleted."})

"""The serial consoles of VMs."""

from api.access import Access
from api.v1.endpoint import Answer, Call, endpoint
from api.v1.log_query import LOG_PARAMETERS, log_query
from api.v1.views_node import log_view
from runtime.errors import Invalid


@endpoint(
    "GET",
    "/vm/<vm>/console",
    *LOG_PARAMETERS,
    group="vm",
    access=Access.READ,
    answer="vm_console",
    codes={400: "there is no such VM, or a bad parameter"},
)
def get_vm_console(call: Call) -> Answer:
    """Show the recent lines of a VM's serial console."""
    name = call.arguments.required("vm")
    if (seen := call.services.cluster.vm(name)) is None:
        raise Invalid(f"There is no VM '{name}'.", vm=name)
    query = log_query(call.arguments)
    found = call.services.consoles.log(seen.vm.uuid, last=query.last, start=query.start)
    return Answer(log_view(seen.vm.name, found, at_most=query.at_most))

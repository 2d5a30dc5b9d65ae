"""VMs: looking at them."""

from typing import Final

from api.access import Access
from api.seen_vm import SeenVm
from api.v1.endpoint import Answer, Call, endpoint
from api.v1.listing import fields_of, fields_parameter, page_of
from api.v1.views_vm import meta_view, tags_view
from api.v1.vm_fields import FIELDS
from api.v1.vm_pieces import vms_pieces, vms_with
from api.v1.vm_query import PARAMETERS, SORT_KEYS, matching
from runtime.errors import NotFound

GROUP: Final = "vm"
NO_SUCH_VM: Final = {404: "there is no such VM"}


def known_vm(call: Call) -> SeenVm:
    """Return the VM that a path names, by name or UUID; raises `NotFound`."""
    name = call.arguments.required("vm")
    if (seen := call.services.cluster.vm(name)) is None:
        raise NotFound(f"There is no VM '{name}'.", vm=name)
    return seen


@endpoint(
    "GET",
    "/vm",
    *PARAMETERS,
    group=GROUP,
    access=Access.READ,
    answer="[vm]",
    codes={404: "no VM matches"},
)
def get_vms(call: Call) -> Answer:
    """List VMs; of several nodes, states or tags one has to match."""
    fields = fields_of(call.arguments, FIELDS)
    found = matching(call.arguments, call.services.cluster.seen_vms())
    vms, headers = page_of(call.arguments, found, SORT_KEYS, "VMs")
    now = call.services.clock.wall()
    if fields is None:
        return Answer(vms_pieces(vms, now), headers=headers)
    return Answer(vms_with(vms, fields, now), headers=headers)


@endpoint(
    "GET",
    "/vm/<vm>",
    fields_parameter(FIELDS),
    group=GROUP,
    access=Access.READ,
    answer="[vm]",
    codes=NO_SUCH_VM,
)
def get_vm(call: Call) -> Answer:
    """Show one VM, by name or UUID, as a list of one."""
    fields, now = fields_of(call.arguments, FIELDS), call.services.clock.wall()
    seen = known_vm(call)
    return Answer(vms_pieces([seen], now) if fields is None else vms_with([seen], fields, now))


@endpoint(
    "GET", "/vm/<vm>/meta", group=GROUP, access=Access.READ, answer="vm_meta", codes=NO_SUCH_VM
)
def get_vm_meta(call: Call) -> Answer:
    """Show what people have said about a VM."""
    return Answer(meta_view(known_vm(call)))


@endpoint(
    "GET", "/vm/<vm>/tags", group=GROUP, access=Access.READ, answer="vm_tags", codes=NO_SUCH_VM
)
def get_vm_tags(call: Call) -> Answer:
    """Show a VM's tags."""
    seen = known_vm(call)
    return Answer({"name": seen.vm.name, "tags": tags_view(seen.tags)})


@endpoint(
    "GET", "/vm/<vm>/state", group=GROUP, access=Access.READ, answer="vm_state", codes=NO_SUCH_VM
)
def get_vm_state(call: Call) -> Answer:
    """Show a VM's state."""
    vm = known_vm(call).vm
    return Answer({"name": vm.name, "state": vm.state.value})


@endpoint(
    "GET", "/vm/<vm>/node", group=GROUP, access=Access.READ, answer="vm_node", codes=NO_SUCH_VM
)
def get_vm_node(call: Call) -> Answer:
    """Show the node a VM is on, and its home while it is elsewhere."""
    seen = known_vm(call)
    return Answer({"name": seen.vm.name, "node": seen.node, "last_node": seen.home})

"""VMs defined, changed, renamed and removed."""

from typing import Final

from api.access import Access
from api.v1.endpoint import Answer, Call, endpoint
from api.v1.ordered_vm import UNKNOWN, names_of, ordered_vm, unknown_is_bad
from api.v1.parameter import Kind, Parameter
from cluster.model.vm import MAX_DOWNTIME_MS, MigrationMethod, Selector, Tag, VmMeta
from cluster.operations import vm_define, vm_modify, vm_state
from cluster.operations.vm_define import NewVm

GROUP: Final = "vm"
_XML: Final = Parameter(
    name="xml",
    about="Its definition for libvirt: the element `domain`. A MAC address, and of a new VM a "
    "UUID, that is missing is chosen once and kept.",
    is_required=True,
)
RULES: Final = (
    Parameter(
        name="limit",
        about="The only nodes it may be on, repeated or separated by commas.",
        is_repeated=True,
    ),
    Parameter(name="selector", about="By what its node is chosen.", choices=(*Selector,)),
    Parameter(
        name="autostart",
        about="Whether it is started, once, when its node becomes ready.",
        kind=Kind.FLAG,
    ),
    Parameter(name="migration_method", about="How it is migrated.", choices=(*MigrationMethod,)),
    Parameter(
        name="migration_max_downtime",
        about="How many milliseconds it may stand still in a live migration.",
        kind=Kind.INTEGER,
        minimum=1,
    ),
)
_NEW: Final = (
    *RULES,
    Parameter(name="node", about="The node it shall be on; without it the best one is chosen."),
    Parameter(name="user_tags", about="Tags.", is_repeated=True),
    Parameter(name="protected_tags", about="Tags that cannot be removed.", is_repeated=True),
    _XML,
)


def _define(call: Call) -> Answer:
    services, given = call.services, call.arguments
    reader = services.cluster
    with unknown_is_bad():
        made = vm_define.define(
            services.store,
            services.layout,
            _new(call),
            candidates=() if given.text("node") else reader.candidates(),
            default_selector=reader.selector(),
            deadline=services.deadline(),
        )
    return Answer({"message": f"VM '{made.name}' is defined on node '{made.node}'."})


def _new(call: Call) -> NewVm:
    given = call.arguments
    meta = VmMeta(
        autostart=given.flag("autostart"),
        migration_method=MigrationMethod(given.text("migration_method") or MigrationMethod.NONE),
        migration_max_downtime_ms=given.integer("migration_max_downtime") or MAX_DOWNTIME_MS,
        node_selector=Selector(given.text("selector") or Selector.NONE),
        node_limit=names_of(given.texts("limit")),
    )
    tags = {
        name: Tag(name=name, is_protected=is_protected)
        for parameter, is_protected in (("user_tags", False), ("protected_tags", True))
        for name in names_of(given.texts(parameter))
    }
    return NewVm(
        xml=given.required("xml"),
        node=given.text("node") or None,
        meta=meta,
        tags=tuple(tags.values()),
    )


@endpoint("POST", "/vm", *_NEW, group=GROUP, access=Access.CHANGE, answer="message", codes=UNKNOWN)
def post_vms(call: Call) -> Answer:
    """Define a VM; it is not started."""
    return _define(call)


@endpoint(
    "POST", "/vm/<vm>", *_NEW, group=GROUP, access=Access.CHANGE, answer="message", codes=UNKNOWN
)
def post_vm(call: Call) -> Answer:
    """Define a VM; its name is that of the definition, not that of the path."""
    return _define(call)


@endpoint(
    "PUT",
    "/vm/<vm>",
    Parameter(
        name="restart", about="Whether to restart it, so that the change acts.", kind=Kind.FLAG
    ),
    _XML,
    group=GROUP,
    access=Access.CHANGE,
    answer="message",
    codes=UNKNOWN,
)
def put_vm(call: Call) -> Answer:
    """Replace a VM's definition."""
    with unknown_is_bad():
        vm = ordered_vm(call)
        done = vm_modify.modify(
            vm.store,
            vm.layout,
            vm.uuid,
            call.arguments.required("xml"),
            restart=call.arguments.flag("restart"),
            deadline=vm.deadline,
        )
    effect = "It acts when the VM is started the next time." if done.needs_restart else ""
    if done.serial is not None:
        effect = "The VM is restarted."
    return Answer({"message": f"VM '{done.name}' has its new definition. {effect}".strip()})


@endpoint(
    "DELETE",
    "/vm/<vm>",
    Parameter(name="delete_disks", about="Whether its volumes go too.", kind=Kind.FLAG),
    group=GROUP,
    access=Access.CHANGE,
    answer="message",
    codes=UNKNOWN,
)
def delete_vm(call: Call) -> Answer:
    """Remove a VM; a running one is stopped first."""
    name, with_volumes = call.arguments.required("vm"), call.arguments.flag("delete_disks")
    with unknown_is_bad():
        vm = ordered_vm(call)
        done = vm_state.remove(
            vm.store, vm.layout, vm.uuid, with_volumes=with_volumes, deadline=vm.deadline
        )
    volumes = " with its volumes" if with_volumes else ""
    outcome = "is removed" if done.is_done else "is about to be removed"
    return Answer({"message": f"VM '{name}' {outcome}{volumes}."})


@endpoint(
    "POST",
    "/vm/<vm>/rename",
    Parameter(name="new_name", about="Its new name.", is_required=True),
    group=GROUP,
    access=Access.CHANGE,
    answer="message",
    codes=UNKNOWN,
)
def post_vm_rename(call: Call) -> Answer:
    """Give a VM that is off another name."""
    new_name = call.arguments.required("new_name")
    with unknown_is_bad():
        vm = ordered_vm(call)
        old = vm_modify.rename(vm.store, vm.layout, vm.uuid, new_name, deadline=vm.deadline)
    return Answer({"message": f"VM '{old}' is named '{new_name}' now."})

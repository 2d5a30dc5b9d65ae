"""What people say about VMs: meta and tags."""

from typing import Final

from api.access import Access
from api.v1.endpoint import Answer, Call, endpoint
from api.v1.ordered_vm import names_of, ordered_vm
from api.v1.parameter import Kind, Parameter
from api.v1.routes_vm_define import RULES
from cluster.model.vm import MigrationMethod, Selector, Tag
from cluster.operations import vm_labels
from cluster.operations.vm_labels import MetaEdit

GROUP: Final = "vm"
_UNKNOWN: Final = {404: "there is no such VM, node or tag"}


@endpoint(
    "POST",
    "/vm/<vm>/meta",
    *RULES,
    Parameter(name="profile", about="The profile it was made from."),
    group=GROUP,
    access=Access.CHANGE,
    answer="message",
    codes=_UNKNOWN,
)
def post_vm_meta(call: Call) -> Answer:
    """Change what is said about a VM; what is not given stays."""
    given, name = call.arguments, call.arguments.required("vm")
    method, selector = given.text("migration_method"), given.text("selector")
    limit = given.texts("limit")
    edit = MetaEdit(
        autostart=given.flag_or_none("autostart"),
        migration_method=MigrationMethod(method) if method else None,
        migration_max_downtime_ms=given.integer("migration_max_downtime"),
        node_selector=Selector(selector) if selector else None,
        node_limit=names_of(limit) if limit else None,
        profile=given.text("profile"),
    )
    vm = ordered_vm(call)
    vm_labels.set_meta(vm.store, vm.layout, vm.uuid, edit, deadline=vm.deadline)
    return Answer({"message": f"The meta data of VM '{name}' is changed."})


@endpoint(
    "POST",
    "/vm/<vm>/tags",
    Parameter(name="action", about="What to do.", choices=("add", "remove"), is_required=True),
    Parameter(name="tag", about="The tag.", is_required=True),
    Parameter(name="protected", about="Whether it cannot be removed.", kind=Kind.FLAG),
    group=GROUP,
    access=Access.CHANGE,
    answer="message",
    codes=_UNKNOWN,
)
def post_vm_tags(call: Call) -> Answer:
    """Give a VM a tag, or take one from it."""
    given, name = call.arguments, call.arguments.required("vm")
    tag, vm = given.required("tag"), ordered_vm(call)
    if given.required("action") == "add":
        new = Tag(name=tag, is_protected=given.flag("protected"))
        vm_labels.add_tag(vm.store, vm.layout, vm.uuid, new, deadline=vm.deadline)
        return Answer({"message": f"VM '{name}' has the tag '{tag}'."})
    vm_labels.remove_tag(vm.store, vm.layout, vm.uuid, tag, deadline=vm.deadline)
    return Answer({"message": f"VM '{name}' has the tag '{tag}' no more."})

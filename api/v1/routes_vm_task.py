"""Orders about VMs that are tasks: the vm worker of a node executes them."""

import secrets
from collections.abc import Iterable
from typing import Final

from api.access import Access
from api.seen_vm import SeenVm
from api.v1.endpoint import PREFIX, Answer, Call, endpoint
from api.v1.parameter import Parameter
from api.v1.routes_vm import NO_SUCH_VM, known_vm
from cluster.definition.document import Element, parse
from cluster.model.task import TaskOrder
from cluster.operations.task_orders import order_task
from runtime.errors import Conflict, Invalid

GROUP: Final = "vm"
_DEVICES: Final = ("disk", "interface", "hostdev", "controller")
_DEVICE: Final = Parameter(
    name="xml",
    about=f"The device for libvirt: one element, {', '.join(_DEVICES)}.",
    is_required=True,
)


@endpoint(
    "POST",
    "/vm/<vm>/locks",
    group=GROUP,
    access=Access.CHANGE,
    answer="task",
    good=202,
    codes=NO_SUCH_VM,
)
def post_vm_locks(call: Call) -> Answer:
    """Remove the locks that were left on the volumes of a VM that is off."""
    seen = known_vm(call)
    _refuse_locks_of_others(call, seen)
    return _task(call, seen, "vm.flush_locks", seen.vm.wanted.node)


@endpoint(
    "POST",
    "/vm/<vm>/device",
    _DEVICE,
    group=GROUP,
    access=Access.CHANGE,
    answer="task",
    good=202,
    codes=NO_SUCH_VM,
)
def post_vm_device(call: Call) -> Answer:
    """Plug a device into a running VM; its definition is changed by PUT."""
    return _plug(call, "vm.device_attach")


@endpoint(
    "DELETE",
    "/vm/<vm>/device",
    _DEVICE,
    group=GROUP,
    access=Access.CHANGE,
    answer="task",
    good=202,
    codes=NO_SUCH_VM,
)
def delete_vm_device(call: Call) -> Answer:
    """Unplug a device from a running VM; its definition is changed by PUT."""
    return _plug(call, "vm.device_detach")


def _refuse_locks_of_others(call: Call, seen: SeenVm) -> None:
    # Ceph shuts out whoever loses a lock: another VM that runs with the volume would lose its disk.
    if user := _user_of(call, seen, seen.definition.volumes):
        volume, other = user
        raise Conflict(
            f"The locks of {volume} protect the VM '{other.vm.name}', which runs on "
            f"{other.node}: stop it first, or give '{seen.vm.name}' volumes of its own.",
            vm=seen.vm.name,
        )


def _refuse_volume_of_other(call: Call, seen: SeenVm, device: Element) -> None:
    # Two guests that write to one volume destroy it: QEMUs that both live hand each other its lock.
    source = device.find("source")
    if source is None or device.find("shareable") is not None:
        return
    if user := _user_of(call, seen, (source.get("name", ""),)):
        volume, other = user
        raise Conflict(
            f"The volume {volume} is in use by the VM '{other.vm.name}', which runs on "
            f"{other.node}: stop it first, or mark the disk <shareable/> if both guests can share.",
            vm=seen.vm.name,
        )


def _user_of(call: Call, seen: SeenVm, volumes: Iterable[str]) -> tuple[str, SeenVm] | None:
    """Return one of the volumes that another VM runs with, and that VM."""
    asked = frozenset(volumes)
    for other in call.services.cluster.seen_vms():
        if other.vm.uuid == seen.vm.uuid or not other.vm.seen.state.may_run:
            continue
        if shared := sorted(asked.intersection(other.definition.volumes)):
            return shared[0], other
    return None


def _plug(call: Call, name: str) -> Answer:
    xml = call.arguments.required("xml")
    device = parse(xml)
    if (tag := device.tag) not in _DEVICES:
        raise Invalid(f"<{tag}> is no device; there are: {', '.join(_DEVICES)}.", element=tag)
    seen = known_vm(call)
    if tag == "disk" and name == "vm.device_attach":
        _refuse_volume_of_other(call, seen, device)
    return _task(call, seen, name, seen.node, xml=xml)


def _task(call: Call, seen: SeenVm, name: str, node: str, **arguments: str) -> Answer:
    services = call.services
    if not node:
        raise Conflict(f"The VM '{seen.vm.name}' has no node that could do it.", vm=seen.vm.name)
    ordered = TaskOrder(
        name=name,
        run_on=node,
        arguments={"vm": seen.vm.uuid, **arguments},
        by=call.identity.name,
        ordered_at=f"{services.clock.wall():%Y-%m-%d %H:%M:%S}",
    )
    task = order_task(
        services.store,
        services.layout,
        ordered,
        new_id=lambda: secrets.token_hex(4),
        deadline=services.deadline(),
    )
    return Answer(
        {"task_id": task, "task_name": name, "run_on": node},
        202,
        (("Location", f"{PREFIX}/tasks/{task}"),),
    )

"""VMs in the tree: name, order and what is seen. The state people see is derived here and nowhere
stored."""

from collections.abc import Iterable

from cluster.lifecycle.vm import vm_state
from cluster.model.vm import Move, Seen, SeenState, Vm, Wanted, WantedState
from cluster.records.view import TreeView
from cluster.schema import codec
from cluster.schema.layout import Layout


def read_all(view: TreeView, layout: Layout) -> list[Vm]:
    """Return all VMs, sorted by name."""
    uuids = view.children(layout.path("vms")) or ()
    found = (read(view, layout, uuid) for uuid in uuids)
    return sorted((vm for vm in found if vm is not None), key=lambda vm: (vm.name, vm.uuid))


def read(view: TreeView, layout: Layout, uuid: str) -> Vm | None:
    """Return one VM, None when there is none; a broken record is a VM in state fail."""
    name = view.get(layout.path("vm", vm=uuid))
    if name is None:
        return None
    wanted = read_wanted(view.get(layout.path("vm.wanted", vm=uuid)))
    seen = read_seen(view.get(layout.path("vm.seen", vm=uuid)))
    return Vm(
        uuid=uuid,
        name=codec.read_text(name),
        wanted=wanted,
        seen=seen,
        state=vm_state(wanted, seen),
    )


def find(view: TreeView, layout: Layout, name: str) -> str | None:
    """Return the UUID of the VM of this name by the index, without reading any other VM."""
    data = view.get(layout.path("vm_name", name=name))
    return codec.read_text(data) if data else None


def running_on(vms: Iterable[Vm]) -> dict[str, list[str]]:
    """Return the names of the VMs that may run, by the node they were seen on."""
    by_node: dict[str, list[str]] = {}
    for vm in vms:
        if vm.seen.state.may_run and vm.seen.state is not SeenState.UNKNOWN:
            by_node.setdefault(vm.seen.node, []).append(vm.name)
    return by_node


def read_wanted(data: bytes | None) -> Wanted:
    """Read `vm.wanted`; an order that cannot be read is UNKNOWN: nothing is done about it."""
    plain = codec.read_object(data) or {}
    return Wanted(
        state=codec.as_enum(WantedState, plain.get("state")) or WantedState.UNKNOWN,
        node=codec.as_text(plain.get("node")),
        home=codec.as_text(plain.get("home")),
        serial=codec.as_integer(plain.get("serial")),
        move=codec.as_enum(Move, plain.get("move")) or Move.NONE,
        home_before=codec.as_text(plain.get("home_before")),
        is_live_only=codec.as_flag(plain.get("is_live_only")),
        is_forced=codec.as_flag(plain.get("is_forced")),
        removes_volumes=codec.as_flag(plain.get("removes_volumes")),
        fence=codec.as_text(plain.get("fence")),
    )


def wanted_data(wanted: Wanted) -> bytes:
    """Return what `vm.wanted` holds."""
    return codec.to_json(
        {
            "state": wanted.state,
            "node": wanted.node,
            "home": wanted.home,
            "serial": wanted.serial,
            "move": wanted.move,
            "home_before": wanted.home_before,
            "is_live_only": wanted.is_live_only,
            "is_forced": wanted.is_forced,
            "removes_volumes": wanted.removes_volumes,
            "fence": wanted.fence,
        }
    )


def read_seen(data: bytes | None) -> Seen:
    """Read `vm.seen`; what cannot be read may run."""
    plain = codec.read_object(data) or {}
    return Seen(
        state=codec.as_enum(SeenState, plain.get("state")) or SeenState.UNKNOWN,
        node=codec.as_text(plain.get("node")),
        serial=codec.as_integer(plain.get("serial")),
        reason=codec.as_text(plain.get("reason")),
        vnc=codec.as_text(plain.get("vnc")),
    )


def seen_data(seen: Seen) -> bytes:
    """Return what `vm.seen` holds."""
    return codec.to_json(
        {
            "state": seen.state,
            "node": seen.node,
            "serial": seen.serial,
            "reason": seen.reason,
            "vnc": seen.vnc,
        }
    )

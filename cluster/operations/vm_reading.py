"""What an order about a VM reads, in one burst, and whether it takes any order."""

from collections.abc import Mapping, Sequence

from cluster.lifecycle.vm import vm_state
from cluster.model.vm import VmState, Wanted, WantedState
from cluster.records import vm_keys
from cluster.records.vm_keys import VmKeys, demand, put
from cluster.records.vm_record import wanted_data
from cluster.schema.layout import Layout
from cluster.schema.shape import can_be_name
from cluster.store.store import Change, Store, Value
from runtime.deadline import Deadline
from runtime.errors import Conflict, NotFound

Values = Mapping[str, Value | None]


def find(store: Store, layout: Layout, vm: str, deadline: Deadline) -> str:
    """Return the UUID of a VM named by its UUID or its name; raises `NotFound`."""
    if not can_be_name(vm):
        raise NotFound(f"there is no VM {vm}", vm=vm)
    by_uuid, by_name = layout.path("vm", vm=vm), layout.path("vm_name", name=vm)
    values = store.read_many((by_uuid, by_name), deadline)
    if values[by_uuid] is not None:
        return vm
    if (index := values[by_name]) is None:
        raise NotFound(f"there is no VM {vm}", vm=vm)
    return index.data.decode("utf-8", "replace")


def read_vm(
    store: Store,
    layout: Layout,
    uuid: str,
    deadline: Deadline,
    *,
    more: Sequence[str] = (),
) -> tuple[VmKeys, Values]:
    """Return a VM that takes orders, with `more` keys; raises `NotFound`, or `Conflict` when it
    was ordered to go."""
    vm_path(layout, "vm", uuid)
    values = store.read_many([*vm_keys.paths(layout, uuid), *more], deadline)
    keys = vm_keys.from_values(layout, uuid, values)
    if keys is None:
        raise NotFound(f"there is no VM {uuid}", vm=uuid)
    if keys.wanted.state is WantedState.DELETE:
        raise Conflict(f"the VM {keys.name} is being removed and takes no orders", vm=keys.name)
    return keys, values


def vm_path(layout: Layout, key: str, uuid: str) -> str:
    """Return where a key of a VM is; raises `NotFound` for what can be no VM at all."""
    if not can_be_name(uuid):
        raise NotFound(f"there is no VM {uuid}", vm=uuid)
    return layout.path(key, vm=uuid)


def state_of(keys: VmKeys) -> VmState:
    """Return the one state people see of a VM."""
    return vm_state(keys.wanted, keys.seen)


def ordered(layout: Layout, keys: VmKeys, wanted: Wanted) -> list[Change]:
    """Write an order, demanding that it and what was seen are as they were read."""
    path = layout.path("vm.wanted", vm=keys.uuid)
    return [
        put(path, wanted_data(wanted), keys.wanted_version),
        *demand(layout.path("vm.seen", vm=keys.uuid), keys.seen_version),
    ]

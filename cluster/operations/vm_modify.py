"""A VM's definition replaced, and a VM renamed."""

from collections.abc import Sequence
from dataclasses import dataclass

from cluster.definition.editing import normalised, renamed
from cluster.definition.mac_giving import with_macs
from cluster.definition.reading import read as read_definition
from cluster.definition.units import why_no_name
from cluster.lifecycle.vm_orders import Edit, Order, check_edit
from cluster.model.definition import Definition
from cluster.operations.attempt import until_applied
from cluster.operations.vm_reading import Values, ordered, read_vm, state_of, vm_path
from cluster.operations.vm_state import after_order
from cluster.records.vm_keys import VmKeys, demand, put
from cluster.schema.layout import Layout
from cluster.schema.shape import can_be_name
from cluster.store.store import Change, Create, Delete, Store, Write
from runtime.deadline import Deadline
from runtime.errors import Conflict, Invalid


@dataclass(frozen=True, slots=True, kw_only=True)
class Modified:
    """What became of a new definition."""

    name: str
    needs_restart: bool
    """It runs with the earlier definition until it is started anew."""
    serial: int | None = None
    """Of the restart that was ordered with it."""


def modify(
    store: Store,
    layout: Layout,
    uuid: str,
    xml: str,
    *,
    restart: bool = False,
    deadline: Deadline,
) -> Modified:
    """Replace a VM's definition, and (with `restart`) restart it if it runs; raises `Invalid` for
    a wrong one, and for another name or UUID."""
    text = with_macs(xml)
    definition = read_definition(text)
    volumes = vm_path(layout, "vm.volumes", uuid)

    def decide() -> tuple[Sequence[Change], Modified]:
        keys, values = read_vm(store, layout, uuid, deadline, more=[volumes])
        check_edit(state_of(keys), Edit.MODIFY)
        _check_same(keys, definition)
        changes = _replaced(layout, keys, text, definition, values)
        return _with_restart(layout, keys, changes, text, restart=restart)

    return until_applied(store, decide, deadline, what=f"the VM {uuid}")


def rename(store: Store, layout: Layout, uuid: str, name: str, *, deadline: Deadline) -> str:
    """Give a VM that is off another name; returns the one it had."""
    if trouble := why_no_name(name):
        raise Invalid(trouble, name=name)
    index = layout.path("vm_name", name=name)

    def decide() -> tuple[Sequence[Change], str]:
        keys, values = read_vm(store, layout, uuid, deadline, more=[index])
        old = _index_of(store, layout, keys, deadline)
        _check_rename(keys, name, is_taken=values[index] is not None)
        return _renaming(layout, keys, name, old), keys.name

    return until_applied(store, decide, deadline, what=f"the VM {uuid}")


def _check_same(keys: VmKeys, definition: Definition) -> None:
    if definition.uuid != keys.uuid.lower():
        raise Invalid(
            f"the definition has the UUID {definition.uuid}; that of the VM {keys.name} is "
            f"{keys.uuid} and stays",
            vm=keys.name,
        )
    if definition.name != keys.name:
        raise Invalid(
            f"the definition is named {definition.name}, the VM {keys.name}: a name is changed by "
            "rename",
            vm=keys.name,
        )


def _replaced(
    layout: Layout, keys: VmKeys, text: str, definition: Definition, values: Values
) -> list[Change]:
    path = layout.path("vm.volumes", vm=keys.uuid)
    there = values[path]
    data = ",".join(definition.volumes).encode()
    return [
        *demand(layout.path("vm", vm=keys.uuid), keys.name_version),
        put(layout.path("vm.xml", vm=keys.uuid), text.encode(), keys.xml_version),
        put(path, data, None if there is None else there.version),
    ]


def _with_restart(
    layout: Layout, keys: VmKeys, changes: list[Change], text: str, *, restart: bool
) -> tuple[list[Change], Modified]:
    runs = keys.seen.state.may_run
    if not (restart and runs):
        needs_restart = runs and not _is_same(keys.xml, text)
        return changes, Modified(name=keys.name, needs_restart=needs_restart)
    wanted = after_order(keys, Order.RESTART)
    done = Modified(name=keys.name, needs_restart=False, serial=wanted.serial)
    return [*changes, *ordered(layout, keys, wanted)], done


def _is_same(old: str, new: str) -> bool:
    try:
        return normalised(old) == new
    except Invalid:
        return False


def _index_of(store: Store, layout: Layout, keys: VmKeys, deadline: Deadline) -> list[Change]:
    """The removal of its name from the index, if that is where its name leads."""
    if not can_be_name(keys.name):
        return []
    path = layout.path("vm_name", name=keys.name)
    there = store.read(path, deadline)
    is_own = there is not None and there.data == keys.uuid.encode()
    return [Delete(path, there.version)] if there is not None and is_own else []


def _check_rename(keys: VmKeys, name: str, *, is_taken: bool) -> None:
    check_edit(state_of(keys), Edit.RENAME)
    if keys.seen.state.may_run:
        raise Conflict(
            f"the VM {keys.name} is not off yet on {keys.seen.node or 'any node'}: a VM is renamed "
            "when it is off",
            vm=keys.name,
        )
    if name == keys.name:
        raise Conflict(f"the VM is named {name} already", vm=name)
    if is_taken:
        raise Conflict(f"there is a VM named {name} already", vm=name)


def _renaming(layout: Layout, keys: VmKeys, name: str, old: list[Change]) -> list[Change]:
    """The order and what is seen must stay as they are: a VM that starts meanwhile would start by
    its old name."""
    xml = renamed(keys.xml, name)
    return [
        *demand(layout.path("vm.wanted", vm=keys.uuid), keys.wanted_version),
        *demand(layout.path("vm.seen", vm=keys.uuid), keys.seen_version),
        *old,
        Create(layout.path("vm_name", name=name), keys.uuid.encode()),
        Write(layout.path("vm", vm=keys.uuid), name.encode(), keys.name_version),
        put(layout.path("vm.xml", vm=keys.uuid), xml.encode(), keys.xml_version),
    ]

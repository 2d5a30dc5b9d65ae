"""The keys of one VM on which orders and hand-overs depend, read in one burst with their versions.

Invariant: whatever is decided on them is written in a transaction that demands these versions, so a
change by somebody else in between refuses it instead of being lost.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from cluster.model.vm import Arrival, Seen, Transfer, Wanted
from cluster.records.move_record import read_arrival, read_transfer
from cluster.records.vm_record import read_seen, read_wanted
from cluster.schema import codec
from cluster.schema.layout import Layout
from cluster.store.store import Check, Create, Store, Value, Write
from runtime.deadline import Deadline

_NAMES: Final = ("vm", "vm.wanted", "vm.seen", "vm.transfer", "vm.arrival", "vm.xml")


@dataclass(frozen=True, slots=True, kw_only=True)
class VmKeys:
    """A VM as read now; a version is None where the key is missing."""

    uuid: str
    name: str
    name_version: int
    wanted: Wanted
    wanted_version: int | None
    seen: Seen
    seen_version: int | None
    transfer: Transfer | None
    transfer_version: int | None
    arrival: Arrival | None
    arrival_version: int | None
    xml: str
    xml_version: int | None


def paths(layout: Layout, uuid: str) -> list[str]:
    """Return which keys are read of a VM, for a caller's own burst."""
    return [layout.path(name, vm=uuid) for name in _NAMES]


def read(store: Store, layout: Layout, uuid: str, deadline: Deadline) -> VmKeys | None:
    """Return the VM as the store has it now, None when there is none."""
    return from_values(layout, uuid, store.read_many(paths(layout, uuid), deadline))


def read_many(
    store: Store, layout: Layout, uuids: Iterable[str], deadline: Deadline
) -> dict[str, VmKeys | None]:
    """Return many VMs as the store has them now, in one burst."""
    wanted = list(uuids)
    values = store.read_many([p for uuid in wanted for p in paths(layout, uuid)], deadline)
    return {uuid: from_values(layout, uuid, values) for uuid in wanted}


def from_values(layout: Layout, uuid: str, values: Mapping[str, Value | None]) -> VmKeys | None:
    """Return the VM out of a burst that held `paths`; None when there is none."""
    name, wanted, seen, transfer, arrival, xml = (values[p] for p in paths(layout, uuid))
    if name is None:
        return None
    return VmKeys(
        uuid=uuid,
        name=codec.read_text(name.data),
        name_version=name.version,
        wanted=read_wanted(_data(wanted)),
        wanted_version=_version(wanted),
        seen=read_seen(_data(seen)),
        seen_version=_version(seen),
        transfer=read_transfer(_data(transfer)),
        transfer_version=_version(transfer),
        arrival=read_arrival(_data(arrival)),
        arrival_version=_version(arrival),
        xml=codec.read_text(_data(xml)),
        xml_version=_version(xml),
    )


def put(path: str, data: bytes, version: int | None) -> Create | Write:
    """Write a key that was read at this version, or make the one that was missing."""
    return Create(path, data) if version is None else Write(path, data, version)


def demand(path: str, version: int | None) -> list[Check]:
    """Demand that a key is as it was read. One that was missing cannot be demanded so: whoever
    makes it meanwhile is refused by nothing, so decide nothing on a key that is missing."""
    return [] if version is None else [Check(path, version)]


def _data(value: Value | None) -> bytes | None:
    return None if value is None else value.data


def _version(value: Value | None) -> int | None:
    return None if value is None else value.version

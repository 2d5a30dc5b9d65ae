"""The tree as the vm worker needs it: its own VMs in full, of all others next to nothing.

Invariant: each VM is read again only when something of it has changed, and an unchanged one is the
same object as before. Definitions are no part of the copy in memory: they are read from the store
for the VMs of this node, once and at each change.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Protocol

from cluster.model.definition import Definition
from cluster.model.vm import Arrival, Seen, Transfer, TransferPhase, VmMeta, Wanted
from cluster.records import move_record, vm_record
from cluster.records.view import TreeView
from cluster.schema import codec
from cluster.schema.layout import Layout
from workers.vm.order import is_for


class Copy(TreeView, Protocol):
    """A copy of the tree that follows it by itself."""

    def version(self, path: str) -> int | None:
        """Return the version of a key, None when it does not exist."""

    def take_changed(self) -> frozenset[str] | None:
        """Return the paths that changed since the last time; None: all may have."""

    def trouble(self) -> str:
        """Why the copy cannot be believed; empty when it can."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Details:
    """What of a VM is read from the store itself."""

    definition: Definition | None
    meta: VmMeta


class DetailsReader(Protocol):
    """Reads what is too large for the copy."""

    def take_changed(self) -> frozenset[str] | None:
        """Return the VMs whose details changed since the last time; None: all may have."""

    def read(self, uuids: Collection[str]) -> Mapping[str, Details]:
        """Return the details of VMs as they are now; raises `Unavailable`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """One VM as the store has it."""

    uuid: str
    name: str
    wanted: Wanted
    record: Seen
    transfer: Transfer | None
    arrival: Arrival | None
    details: Details | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Passing:
    """A VM on its way to a node."""

    to: str
    is_live: bool
    """A live migration to it is under way."""
    is_to_run: bool


class VmTree:
    """The VMs of this node, and those on their way to any node."""

    def __init__(self, node: str, layout: Layout, copy: Copy, details: DetailsReader) -> None:
        self._node = node
        self._layout = layout
        self._copy = copy
        self._details_reader = details
        self._top = f"{layout.path('vms')}/"
        self._known: dict[str, Details] = {}
        self._stale: set[str] = set()
        self.mine: dict[str, Stored] = {}
        """VMs that concern this node, by UUID."""
        self.passing: dict[str, Passing] = {}
        """VMs on their way, by UUID."""

    def refresh(self, paths: frozenset[str] | None) -> set[str]:
        """Read again what has changed; returns the VMs of which anything may be other than before.

        Raises `Unavailable`; nothing is lost then, the next call goes on.
        """
        touched = self._touched(paths)
        for uuid in touched:
            self._read(uuid)
        return touched | self._refresh_details()

    def stored(self, uuid: str) -> Stored | None:
        """Return a VM, whether it concerns this node or not; None when there is none."""
        return self.mine.get(uuid) or self._stored(uuid)

    def details_of(self, uuids: Collection[str]) -> Mapping[str, Details]:
        """Return the details of VMs on their way."""
        missing = [uuid for uuid in uuids if uuid not in self._known]
        self._known.update(self._details_reader.read(missing) if missing else {})
        return {uuid: self._known[uuid] for uuid in uuids if uuid in self._known}

    def _touched(self, paths: frozenset[str] | None) -> set[str]:
        if paths is None:
            there = set(self._copy.children(self._top[:-1]) or ())
            return there | self.mine.keys() | self.passing.keys()
        start = len(self._top)
        return {path[start:].partition("/")[0] for path in paths if path.startswith(self._top)}

    def _read(self, uuid: str) -> None:
        stored = self._stored(uuid)
        if stored is None or not self._concerns_us(stored):
            self.mine.pop(uuid, None)
        else:
            self.mine[uuid] = stored
            if stored.details is None:
                self._stale.add(uuid)
        passing = None if stored is None else _passing(stored)
        if passing is None:
            self.passing.pop(uuid, None)
        else:
            self.passing[uuid] = passing
        if uuid not in self.mine and passing is None:
            self._known.pop(uuid, None)

    def _refresh_details(self) -> set[str]:
        changed = self._details_reader.take_changed()
        self._stale |= self._known.keys() if changed is None else changed & self._known.keys()
        self._stale &= self.mine.keys() | self._known.keys()
        if not self._stale:
            return set()
        read = self._details_reader.read(sorted(self._stale))
        self._stale -= read.keys()
        other = {uuid for uuid, details in read.items() if self._known.get(uuid) != details}
        self._known.update(read)
        for uuid in other & self.mine.keys():
            stored = self._stored(uuid)
            if stored is not None:
                self.mine[uuid] = stored
        return other

    def _stored(self, uuid: str) -> Stored | None:
        def get(key: str) -> bytes | None:
            return self._copy.get(self._layout.path(key, vm=uuid))

        name = get("vm")
        if name is None:
            return None
        return Stored(
            uuid=uuid,
            name=codec.read_text(name),
            wanted=vm_record.read_wanted(get("vm.wanted")),
            record=vm_record.read_seen(get("vm.seen")),
            transfer=move_record.read_transfer(get("vm.transfer")),
            arrival=move_record.read_arrival(get("vm.arrival")),
            details=self._known.get(uuid),
        )

    def _concerns_us(self, stored: Stored) -> bool:
        wanted, transfer, arrival = stored.wanted, stored.transfer, stored.arrival
        return self._node in (
            wanted.node,
            wanted.home,
            stored.record.node,
            transfer.to if transfer is not None else "",
            arrival.node if arrival is not None else "",
        )


def _passing(stored: Stored) -> Passing | None:
    wanted, record, transfer = stored.wanted, stored.record, stored.transfer
    is_live = transfer is not None and transfer.phase is not TransferPhase.SHUTDOWN
    if not is_live and wanted.node == record.node:
        return None
    to = transfer.to if transfer is not None and is_live else wanted.node
    return Passing(to=to, is_live=is_live, is_to_run=is_for(wanted, to))

"""All VMs as the mirror has them, looked at again one by one as they change.

Invariant: what is returned is at least as new as the mirror was when it was asked for. A VM is
read again when the mirror has stamped it since; the stamp is taken before the reading, so a change
in the middle is seen the next time.
"""

from collections.abc import Iterator
from typing import Protocol

from api.seen_vm import PARTS, RawSnapshot, RawVm, SeenVm
from cluster.records import vm_record
from cluster.records.view import TreeView
from cluster.schema.layout import Layout


class StampedView(TreeView, Protocol):
    """A view that says what has changed: `cluster.store.mirror`."""

    @property
    def applied(self) -> int:
        """Counts the updates."""

    def version(self, path: str) -> int | None:
        """Return the version of a key, None when it does not exist."""

    def changed_at(self, path: str) -> int:
        """Return with which update a key of the second level or anything below it changed."""


class VmCache:
    """The VMs by UUID.

    Safe to be used by several threads: at worst two of them read the same VM.
    """

    def __init__(self, view: StampedView, layout: Layout) -> None:
        self._view = view
        self._layout = layout
        self._top = layout.path("vms")
        self._below = {part: _below(layout, f"vm.{part}") for part in PARTS}
        self._snapshots_below = _below(layout, "vm.snapshots")
        self._known: dict[str, tuple[int, SeenVm | None]] = {}
        self._last: tuple[int, tuple[SeenVm, ...]] | None = None

    def all(self) -> tuple[SeenVm, ...]:
        """Return all VMs by name; the same tuple while none of them has changed."""
        revision, last = self._view.applied, self._last
        if last is not None and last[0] == revision:
            return last[1]
        uuids = tuple(self._view.children(self._top) or ())
        found = [seen for uuid in uuids if (seen := self._one(uuid)) is not None]
        found.sort(key=lambda seen: (seen.vm.name, seen.vm.uuid))
        if len(self._known) > len(uuids):
            self._forget(frozenset(uuids))
        there = tuple(found)
        if last is not None and _are_same(last[1], there):
            there = last[1]
        self._last = revision, there
        return there

    def find(self, name: str) -> SeenVm | None:
        """Return the VM of this name or UUID, None when there is none."""
        for uuid in (self._indexed(name), name.lower()):
            if uuid and "/" not in uuid and uuid not in (".", ".."):
                seen = self._one(uuid)
                if seen is not None and name in (seen.vm.name, uuid, uuid.upper()):
                    return seen
        # The index may lack a VM that another program has put there.
        return next((seen for seen in self.all() if seen.vm.name == name), None)

    def _indexed(self, name: str) -> str | None:
        try:
            return vm_record.find(self._view, self._layout, name)
        except ValueError:
            return None

    def _one(self, uuid: str) -> SeenVm | None:
        stamp = self._view.changed_at(f"{self._top}/{uuid}")
        known = self._known.get(uuid)
        if known is not None and known[0] == stamp:
            return known[1]
        seen = self._read(uuid, known[1] if known else None)
        if stamp:
            self._known[uuid] = stamp, seen
        else:  # it is not there, or was put there this moment
            self._known.pop(uuid, None)
        return seen

    def _read(self, uuid: str, before: SeenVm | None) -> SeenVm | None:
        top, get = f"{self._top}/{uuid}", self._view.get
        name = get(top)
        if name is None:
            return None
        raw = RawVm(
            name=name,
            snapshots=tuple(self._snapshots(uuid)),
            **{part: get(top + below) for part, below in self._below.items()},
        )
        if before is not None and raw.is_same_order(before.raw):
            return SeenVm(before.vm, raw, before)
        vm = vm_record.read(self._view, self._layout, uuid)
        return None if vm is None else SeenVm(vm, raw, before)

    def _snapshots(self, uuid: str) -> Iterator[RawSnapshot]:
        for name in self._view.children(f"{self._top}/{uuid}{self._snapshots_below}") or ():
            path = self._layout.path("vm.snapshot", vm=uuid, snapshot=name)
            xml = self._layout.path("vm.snapshot.xml", vm=uuid, snapshot=name)
            yield RawSnapshot(name=name, data=self._view.get(path), xml=self._view.get(xml))

    def _forget(self, there: frozenset[str]) -> None:
        for uuid in [uuid for uuid in self._known.copy() if uuid not in there]:
            self._known.pop(uuid, None)


def _are_same(one: tuple[SeenVm, ...], other: tuple[SeenVm, ...]) -> bool:
    return len(one) == len(other) and all(a is b for a, b in zip(one, other, strict=True))


def _below(layout: Layout, name: str) -> str:
    """Return where a key is below its VM: `/wanted`."""
    return layout.path(name, vm="x").removeprefix(layout.path("vm", vm="x"))

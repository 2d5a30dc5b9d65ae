"""The logs of the VMs' consoles in the store.

Invariant: lines and the place up to which they reach are written in one transaction that demands
the version of the place that was read. So no line is stored twice, whoever is killed when; and two
nodes that add to the log of a VM that moves cannot mix up its numbers.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from cluster.model.log import FilePlace
from cluster.records.console_record import places_data, read_places
from cluster.records.log_fetch import Found, fetch_tails
from cluster.records.log_record import Tail, append, of_console
from cluster.schema.layout import Layout
from cluster.store.store import Change, Create, Store, Write
from runtime.deadline import Deadline
from workers.console.vm_logs import VmLog


class StoreVmLogs:
    """Adds lines to the consoles of VMs that are on this node."""

    def __init__(self, store: Store, layout: Layout, node: str, *, keep_lines: int) -> None:
        self._store = store
        self._layout = layout
        self._keep_lines = keep_lines
        self.node = node
        self.stored_bytes = 0

    def open(self, vms: Sequence[str], deadline: Deadline) -> Mapping[str, VmLog | None]:
        """Return how these logs stand, None for a VM that is not in the tree."""
        others = [path for vm in vms for path in (self._top(vm), self._place(vm))]
        logs = [of_console(self._layout, vm) for vm in vms]
        found = fetch_tails(self._store, logs, others, deadline)
        return {vm: self._found(vm, found) for vm in vms}

    def append(
        self,
        log: VmLog,
        lines: Sequence[str],
        *,
        skipped: int,
        place: FilePlace,
        deadline: Deadline,
    ) -> VmLog:
        """Add lines and their place in one transaction."""
        keys = of_console(self._layout, log.vm)
        tail, changes = append(keys, log.tail, lines, keep_lines=self._keep_lines, skipped=skipped)
        places = {**log.places, self.node: place}
        parent = [] if log.has_parent else [Create(keys.top, b"")]
        changes = [*parent, self._put(log, places_data(places)), *changes]
        self._store.apply(changes, deadline)
        self.stored_bytes += sum(len(c.data) for c in changes if isinstance(c, Create | Write))
        version = 0 if log.version is None else log.version + 1
        return replace(log, tail=tail, places=places, version=version, has_parent=True)

    def _found(self, vm: str, found: Found) -> VmLog | None:
        if found.values[self._top(vm)] is None:
            return None
        tail = found.tails[of_console(self._layout, vm)]
        place = found.values[self._place(vm)]
        return VmLog(
            vm=vm,
            tail=tail or Tail(),
            places=read_places(None if place is None else place.data),
            version=None if place is None else place.version,
            has_parent=tail is not None,
        )

    def _put(self, log: VmLog, data: bytes) -> Change:
        path = self._place(log.vm)
        return Create(path, data) if log.version is None else Write(path, data, log.version)

    def _top(self, vm: str) -> str:
        return self._layout.path("vm", vm=vm)

    def _place(self, vm: str) -> str:
        return self._layout.path("vm.console.place", vm=vm)

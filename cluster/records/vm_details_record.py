"""All there is to know of a VM in the tree, but its console.

A definition is by far the dearest part to read and changes the least: `Definitions` remembers it
by what the key holds, so that whoever reads VMs again and again parses each definition once.
"""

from collections.abc import Callable, Iterable

from cluster.definition.reading import examine
from cluster.lifecycle.vm import home_of, node_of
from cluster.model.definition import Definition
from cluster.model.vm_details import VmRecord, VmSnapshot
from cluster.records import vm_record
from cluster.records.move_record import read_arrival, read_transfer
from cluster.records.view import TreeView
from cluster.records.vm_label_record import read_meta, read_profile, read_tags
from cluster.schema import codec
from cluster.schema.layout import Layout

ReadDefinition = Callable[[str, bytes | None], Definition | None]
"""Takes the VM's UUID and what its key `vm.xml` holds."""


def read_definition(_uuid: str, data: bytes | None) -> Definition | None:
    """Read `vm.xml`, None when it cannot be understood."""
    return examine(codec.read_text(data)) if data else None


class Definitions:
    """Remembers the definition of each VM until its key holds another text.

    Safe to be used by several threads: at worst two of them parse the same text.
    """

    def __init__(self) -> None:
        self._known: dict[str, tuple[bytes, Definition | None]] = {}

    def read(self, uuid: str, data: bytes | None) -> Definition | None:
        """Read `vm.xml`, None when it cannot be understood."""
        if not data:
            return None
        known = self._known.get(uuid)
        if known is None or known[0] != data:
            known = self._known[uuid] = data, read_definition(uuid, data)
        return known[1]

    def keep(self, uuids: Iterable[str]) -> None:
        """Forget all VMs but these."""
        kept = frozenset(uuids)
        for uuid in [uuid for uuid in self._known.copy() if uuid not in kept]:
            self._known.pop(uuid, None)


def read(
    view: TreeView,
    layout: Layout,
    uuid: str,
    definition: ReadDefinition = read_definition,
) -> VmRecord | None:
    """Return one VM, None when there is none; what cannot be read takes its default."""

    def get(key: str) -> bytes | None:
        return view.get(layout.path(key, vm=uuid))

    vm = vm_record.read(view, layout, uuid)
    if vm is None:
        return None
    xml = get("vm.xml")
    return VmRecord(
        uuid=uuid,
        name=vm.name,
        wanted=vm.wanted,
        seen=vm.seen,
        state=vm.state,
        node=node_of(vm.wanted, vm.seen),
        home=home_of(vm.wanted, vm.seen),
        transfer=read_transfer(get("vm.transfer")),
        arrival=read_arrival(get("vm.arrival")),
        meta=read_meta(get("vm.meta")),
        tags=read_tags(get("vm.tags")),
        profile=read_profile(get("vm.profile")),
        xml=codec.read_text(xml),
        definition=definition(uuid, xml),
        stats=codec.read_object(get("vm.stats")) or {},
        snapshots=read_snapshots(view, layout, uuid),
    )


def read_snapshots(view: TreeView, layout: Layout, uuid: str) -> tuple[VmSnapshot, ...]:
    """Return the snapshots of a VM, the newest first."""
    names = sorted(view.children(layout.path("vm.snapshots", vm=uuid)) or ())
    found = [_snapshot(view, layout, uuid, name) for name in names]
    return tuple(sorted(found, key=lambda one: (-one.timestamp, one.name)))


def _snapshot(view: TreeView, layout: Layout, uuid: str, name: str) -> VmSnapshot:
    plain = codec.read_object(view.get(layout.path("vm.snapshot", vm=uuid, snapshot=name))) or {}
    volumes = plain.get("rbd_snapshots")
    return VmSnapshot(
        name=name,
        timestamp=codec.as_integer(plain.get("timestamp")),
        rbd_snapshots=tuple(map(codec.as_text, volumes)) if isinstance(volumes, list) else (),
        xml=codec.read_text(view.get(layout.path("vm.snapshot.xml", vm=uuid, snapshot=name))),
    )

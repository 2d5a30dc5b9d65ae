"""A fake store with nodes and VMs, for tests of orders and hand-overs."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from cluster.model.vm import Seen, SeenState, Wanted, WantedState
from cluster.records import vm_keys, vm_record
from cluster.records.vm_keys import VmKeys
from cluster.schema.layout import layout
from cluster.schema.tree import initialise
from cluster.store.store import Change, Create, Store, Write
from runtime.deadline import Deadline
from tests.fakes.ensemble import FakeEnsemble
from tests.fakes.store import FakeStore
from tests.fakes.synthetic_cluster import node_keys

LAYOUT: Final = layout(16)
UUID: Final = "1c2f64a0-0000-4c0e-9c5a-000000000001"
WANTED: Final = Wanted(state=WantedState.START, node="hv1", serial=3)
RUNNING: Final = Seen(state=SeenState.RUNNING, node="hv1", serial=3)
OFF: Final = replace(RUNNING, state=SeenState.OFF)
STOPPED: Final = replace(WANTED, state=WantedState.STOP)


def soon() -> Deadline:
    """A deadline that no test reaches."""
    return Deadline.after(5.0)


def xml_of(name: str, uuid: str = UUID, memory_mb: int = 512) -> str:
    """A definition that libvirt would take."""
    return (
        f"<domain type='kvm'><name>{name}</name><uuid>{uuid}</uuid>"
        f"<memory unit='MiB'>{memory_mb}</memory><vcpu>1</vcpu>"
        "<devices><disk type='network' device='disk'>"
        f"<source protocol='rbd' name='vms/{name}_root'/><target dev='vda' bus='virtio'/></disk>"
        "</devices></domain>"
    )


def new_tree(*nodes: str) -> FakeStore:
    """A tree of the newest schema with these nodes, ready and alive."""
    store = FakeStore(FakeEnsemble())
    initialise(store, soon())
    for node in nodes or ("hv1", "hv2", "hv3"):
        put(store, node_keys(LAYOUT, node))
    return store


def put(store: Store, values: Mapping[str, bytes]) -> None:
    """Write keys, made or changed."""
    changes: list[Change] = []
    for path, data in sorted(values.items()):
        is_there = store.read(path, soon()) is not None
        changes.append(Write(path, data) if is_there else Create(path, data))
    store.apply(changes, soon())


def with_vm(
    wanted: Wanted = WANTED, seen: Seen = RUNNING, *, meta: bytes = b"{}", tags: bytes = b"{}"
) -> Store:
    """Return a tree with one VM."""
    store = new_tree()
    put_vm(store, wanted=wanted, seen=seen, meta=meta, tags=tags)
    return store


def put_vm(
    store: Store,
    name: str = "www",
    *,
    uuid: str = UUID,
    wanted: Wanted = WANTED,
    seen: Seen = RUNNING,
    meta: bytes = b"{}",
    tags: bytes = b"{}",
) -> None:
    """Make or change a VM."""
    values = {
        "vm": name.encode(),
        "vm.xml": xml_of(name, uuid).encode(),
        "vm.wanted": vm_record.wanted_data(wanted),
        "vm.seen": vm_record.seen_data(seen),
        "vm.meta": meta,
        "vm.tags": tags,
        "vm.profile": b"",
        "vm.volumes": f"vms/{name}_root".encode(),
        "vm.stats": b"{}",
        "vm.snapshots": b"",
        "vm.console": b"",
    }
    tree = {LAYOUT.path(key, vm=uuid): data for key, data in values.items()}
    put(store, tree | {LAYOUT.path("vm_name", name=name): uuid.encode()})


def keys_of(store: Store, uuid: str = UUID) -> VmKeys:
    """The VM as the store has it now."""
    keys = vm_keys.read(store, LAYOUT, uuid, soon())
    assert keys is not None
    return keys

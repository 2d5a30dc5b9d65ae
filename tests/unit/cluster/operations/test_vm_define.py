"""New VMs: unique, whole, and at the same cost however many there are."""

import pytest

from cluster.definition.reading import read as read_definition
from cluster.model.node import DomainState, WantedDomainState
from cluster.model.vm import (
    MigrationMethod,
    Seen,
    SeenState,
    Selector,
    Tag,
    VmMeta,
    VmState,
    Wanted,
    WantedState,
)
from cluster.operations.vm_define import Defined, NewVm, define
from cluster.operations.vm_reading import find
from cluster.placement import Candidate
from cluster.records import vm_details_record
from cluster.records.view import snapshot
from cluster.schema.layout import layout
from cluster.store.store import Store
from runtime.errors import Conflict, Invalid, NotFound, Refused
from tests.fakes.vm_tree import LAYOUT, UUID, new_tree, put, put_vm, soon, xml_of
from tests.fakes.watched_store import WatchedStore

OTHER = "1c2f64a0-0000-4c0e-9c5a-000000000002"
META = VmMeta(
    autostart=True,
    migration_method=MigrationMethod.LIVE,
    migration_max_downtime_ms=500,
    node_selector=Selector.VMS,
    node_limit=("hv1", "hv2"),
)


def defined(store: Store, xml: str = "", **new: object) -> Defined:
    what = {"xml": xml or xml_of("www"), "node": "hv1", "meta": VmMeta()} | new
    return define(store, LAYOUT, NewVm(**what), deadline=soon())  # type: ignore[arg-type]


def test_all_of_a_new_vm_is_there() -> None:
    store = new_tree()
    tags = (Tag(name="shop"), Tag(name="backup", is_protected=True))
    made = defined(store, meta=META, tags=tags, profile="small")
    assert made == Defined(uuid=UUID, name="www", node="hv1")
    vm = vm_details_record.read(snapshot(store, ["/domains"], soon()), LAYOUT, UUID)
    assert vm is not None
    assert (vm.name, vm.state, vm.node, vm.home) == ("www", VmState.STOP, "hv1", "")
    assert vm.wanted == Wanted(state=WantedState.STOP, node="hv1", serial=1)
    assert vm.seen == Seen(state=SeenState.OFF, node="hv1", serial=1)
    assert (vm.meta, vm.tags, vm.profile) == (
        META,
        tuple(sorted(tags, key=lambda t: t.name)),
        "small",
    )
    assert vm.definition == read_definition(xml_of("www"))
    assert (dict(vm.stats), vm.snapshots, vm.transfer, vm.arrival) == ({}, (), None, None)
    volumes = store.read(f"/domains/{UUID}/rbdlist", soon())
    assert volumes is not None
    assert volumes.data == b"vms/www_root"
    assert find(store, LAYOUT, "www", soon()) == find(store, LAYOUT, UUID, soon()) == UUID


def test_a_vm_has_every_key_that_others_expect() -> None:
    store = new_tree()
    defined(store)
    below = {key.path for key in layout(16).rows() if key.path.startswith("/domains/{vm}/")}
    singles = {path.rpartition("/")[2] for path in below if path.count("/") == 3}
    there = set(store.children(f"/domains/{UUID}", soon()) or ())
    assert singles - there == {"transfer", "arrival"}


def test_a_vm_without_a_uuid_gets_one() -> None:
    store = new_tree()
    made = defined(store, xml_of("www").replace(f"<uuid>{UUID}</uuid>", ""))
    xml = store.read(f"/domains/{made.uuid}/xml", soon())
    assert xml is not None
    assert read_definition(xml.data.decode()).uuid == made.uuid != UUID


def test_the_mac_addresses_that_were_not_said_are_part_of_the_definition() -> None:
    store = new_tree()
    nic = "<interface type='bridge'><source bridge='vmbr7'/></interface>"
    made = defined(store, xml_of("www").replace("</devices>", f"{nic}</devices>"))
    xml = store.read(f"/domains/{made.uuid}/xml", soon())
    assert xml is not None
    assert [bool(nic.mac) for nic in read_definition(xml.data.decode()).nics] == [True]


def test_names_and_uuids_are_unique() -> None:
    store = new_tree()
    defined(store)
    with pytest.raises(Conflict, match="there is a VM named www already"):
        defined(store, xml_of("www", OTHER))
    with pytest.raises(Conflict, match=f"the UUID {UUID} is that of the VM www"):
        defined(store, xml_of("other"))
    assert store.children("/vm_names", soon()) == ("www",)


@pytest.mark.parametrize(("name", "uuid"), [("www", OTHER), ("other", UUID)])
def test_of_two_that_are_defined_at_once_one_is_refused(name: str, uuid: str) -> None:
    store = new_tree()
    watched = WatchedStore(store, lambda: defined(store))
    with pytest.raises(Conflict, match=r"there is a VM named www|is that of the VM www"):
        defined(watched, xml_of(name, uuid))
    assert store.children("/domains", soon()) == (UUID,)


@pytest.mark.parametrize(
    ("new", "error", "why"),
    [
        ({"xml": "<domain/>"}, Invalid, "<name>: it is missing"),
        ({"xml": xml_of("a b")}, Invalid, "'a b' cannot be the name"),
        ({"xml": xml_of("www", "nonsense")}, Invalid, "<uuid>: 'nonsense' is no UUID"),
        ({"node": "hv9"}, NotFound, "there is no node hv9"),
        ({"node": "../hv1"}, NotFound, "there is no node"),
        ({"meta": VmMeta(node_limit=("hv9",))}, NotFound, "there is no node hv9"),
        ({"meta": VmMeta(node_limit=("hv2",))}, Conflict, "hv1 is not among .* hv2"),
        ({"tags": (Tag(name="a b"),)}, Invalid, "'a b' is no tag"),
        ({"tags": (Tag(name=""),)}, Invalid, "'' is no tag"),
        ({"node": None}, Conflict, "there is no node for the VM www: there are no nodes"),
    ],
)
def test_what_is_refused_leaves_nothing(
    new: dict[str, object], error: type[Refused], why: str
) -> None:
    store = new_tree()
    with pytest.raises(error, match=why):
        defined(store, **new)  # type: ignore[arg-type]
    assert store.children("/domains", soon()) == store.children("/vm_names", soon()) == ()


def test_without_a_node_one_is_chosen_even_when_all_are_full() -> None:
    nodes = [
        Candidate(
            name=name,
            is_alive=True,
            domain_state=DomainState.READY,
            wanted_domain_state=WantedDomainState.READY,
            vms_running=vms,
        )
        for name, vms in (("hv1", 2), ("hv2", 1), ("hv3", 0))
    ]
    store = new_tree()
    made = define(
        store,
        LAYOUT,
        NewVm(xml=xml_of("www"), meta=META),
        candidates=nodes,
        deadline=soon(),
    )
    assert made.node == "hv2"


def test_a_definition_costs_the_same_with_many_vms() -> None:
    costs = []
    for others in (0, 300):
        store = new_tree()
        for number in range(others):
            put_vm(store, f"vm{number}", uuid=f"1c2f64a0-0000-4c0e-9c5b-{number:012d}")
        before = store._ensemble.requests
        defined(store)
        costs.append(store._ensemble.requests - before)
    assert costs == [2, 2]


@pytest.mark.parametrize("vm", ["none", "a/b", "", "..", "\0"])
def test_a_vm_that_is_not_there(vm: str) -> None:
    with pytest.raises(NotFound, match="there is no VM"):
        find(new_tree(), LAYOUT, vm, soon())


def test_an_uuid_is_not_taken_for_a_name() -> None:
    store = new_tree()
    put_vm(store)
    put(store, {f"/vm_names/{UUID}": b"another"})
    assert find(store, LAYOUT, UUID, soon()) == UUID

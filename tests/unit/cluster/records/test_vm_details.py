"""All of a VM is read, and whatever others wrote is read as far as it goes."""

from hypothesis import given
from hypothesis import strategies as st

from cluster.model.vm import (
    MAX_DOWNTIME_MS,
    Arrival,
    ArrivalPhase,
    MigrationMethod,
    Selector,
    Tag,
    TagKind,
    Transfer,
    TransferPhase,
    VmMeta,
)
from cluster.model.vm_details import VmSnapshot
from cluster.records import vm_details_record, vm_label_record
from cluster.records.move_record import arrival_data, transfer_data
from cluster.records.view import DictView, snapshot
from cluster.records.vm_details_record import Definitions
from tests.fakes.vm_tree import LAYOUT, UUID, new_tree, put, put_vm, soon, xml_of

TRANSFER = Transfer(serial=4, to="hv2", phase=TransferPhase.SENDING, percent=7)
ARRIVAL = Arrival(serial=4, node="hv2", phase=ArrivalPhase.RUNNING)


def test_what_is_written_is_read_again() -> None:
    meta = VmMeta(
        autostart=True,
        migration_method=MigrationMethod.SHUTDOWN,
        migration_max_downtime_ms=7,
        node_selector=Selector.MEMPROV,
        node_limit=("hv1",),
    )
    assert vm_label_record.read_meta(vm_label_record.meta_data(meta)) == meta
    tags = (Tag(name="a", kind=TagKind.SYSTEM), Tag(name="b", is_protected=True))
    assert vm_label_record.read_tags(vm_label_record.tags_data(reversed(tags))) == tags
    assert vm_label_record.read_profile(b"None") == vm_label_record.read_profile(None) == ""


def test_what_an_earlier_layout_left_is_read() -> None:
    meta = vm_label_record.read_meta(b'{"migration_max_downtime":-1,"node_limit":["",3,"hv1"]}')
    assert (meta.migration_max_downtime_ms, meta.node_limit) == (MAX_DOWNTIME_MS, ("hv1",))
    assert vm_label_record.read_tags(b'{"a":{"type":"odd","protected":"yes"}}') == (Tag(name="a"),)


def test_a_vm_on_its_way_with_snapshots() -> None:
    store = new_tree()
    put_vm(store)
    below = f"/domains/{UUID}"
    put(
        store,
        {
            f"{below}/transfer": transfer_data(TRANSFER),
            f"{below}/arrival": arrival_data(ARRIVAL),
            f"{below}/stats": b'{"cpus":2}',
            f"{below}/snapshots/old": b'{"timestamp":5,"rbd_snapshots":["vms/a@old"]}',
            f"{below}/snapshots/old/xml": b"<domain/>",
            f"{below}/snapshots/new": b'{"timestamp":6}',
        },
    )
    vm = vm_details_record.read(snapshot(store, ["/domains"], soon()), LAYOUT, UUID)
    assert vm is not None
    assert (vm.transfer, vm.arrival, dict(vm.stats)) == (TRANSFER, ARRIVAL, {"cpus": 2})
    assert vm.snapshots == (
        VmSnapshot(name="new", timestamp=6),
        VmSnapshot(name="old", timestamp=5, rbd_snapshots=("vms/a@old",), xml="<domain/>"),
    )
    assert vm_details_record.read(DictView({}), LAYOUT, "none") is None


def test_a_definition_is_parsed_once_until_it_changes() -> None:
    known = Definitions()
    first = known.read("u", xml_of("a").encode())
    assert known.read("u", xml_of("a").encode()) is first
    other = known.read("u", xml_of("b").encode())
    assert other is not None
    assert other.name == "b"
    assert known.read("u", None) is None
    known.keep(["x"])
    again = known.read("u", xml_of("b").encode())
    assert again == other
    assert again is not other


KEYS = ("", "/xml", "/wanted", "/seen", "/meta", "/tags", "/stats", "/transfer", "/arrival")
MORE = ("/profile", "/snapshots", "/snapshots/s", "/snapshots/s/xml")
JUNK = st.one_of(
    st.binary(max_size=20),
    st.sampled_from([b"{}", b"[]", b"null", b'{"a":1}', b'{"node_limit":{}}', b'{"t":[]}']),
    st.sampled_from([b'{"rbd_snapshots":[1]}', b'{"timestamp":1e999}', b"<domain/>", b"<a"]),
)


@given(st.dictionaries(st.sampled_from(KEYS + MORE), JUNK))
def test_junk_is_read_as_far_as_it_goes(values: dict[str, bytes]) -> None:
    tree = DictView({f"/domains/u{key}": data for key, data in values.items()})
    vm = vm_details_record.read(tree, LAYOUT, "u", Definitions().read)
    assert (vm is None) == ("" not in values)

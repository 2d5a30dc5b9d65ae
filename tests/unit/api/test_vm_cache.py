"""VMs are read once per change, by part, and never older than the tree."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime

from api.v1.vm_fields import FIELDS, vm_view
from api.v1.vm_pieces import is_prepared, vms_pieces, vms_with
from api.v1.vm_preparing import VmPreparing
from api.vm_cache import VmCache
from cluster.records.view import DictView
from cluster.schema.layout import layout
from cluster.schema.versions import NEWEST
from runtime.deadline import Deadline
from tests.fakes.api import FakeApi
from tests.fakes.synthetic_cluster import synthetic_tree, vm_stats

KEYS = layout(NEWEST)
NOW = datetime(2026, 1, 2, tzinfo=UTC)
FIRST = "1c2f64a0-0000-4c0e-9c5a-000000000000"


class Stamped(DictView):
    """A view that a test changes."""

    def __init__(self, values: Mapping[str, bytes]) -> None:
        super().__init__(values)
        self.values = dict(values)
        self.applied = 1
        self.stamps: dict[str, int] = {}
        self.reads = 0

    def get(self, path: str) -> bytes | None:
        self.reads += 1
        return self.values.get(path)

    def version(self, path: str) -> int | None:
        return 0 if path in self.values else None

    def changed_at(self, path: str) -> int:
        return self.stamps.get(path, 1) if path in self.values else 0

    def put(self, name: str, data: bytes) -> None:
        path = KEYS.path(name, vm=FIRST)
        self.values[path] = data
        self.applied += 1
        self.stamps["/".join(path.split("/")[:3])] = self.applied


def world(vms: int = 3) -> tuple[Stamped, VmCache]:
    view = Stamped(synthetic_tree(1, vms))
    return view, VmCache(view, KEYS)


def test_nothing_is_read_while_nothing_changes() -> None:
    view, cache = world()
    first, reads = cache.all(), view.reads
    assert cache.all() is first
    view.applied += 1
    assert cache.all() is first
    assert view.reads == reads


def test_only_the_vm_that_changed_is_read() -> None:
    view, cache = world()
    before = cache.all()
    definition = before[0].definition
    view.put("vm.tags", b'{"x":{}}')
    after = cache.all()
    assert [a is b for a, b in zip(before, after, strict=True)] == [False, True, True]
    assert [tag.name for tag in after[0].tags] == ["x"]
    assert after[0].definition is definition
    assert after[0].vm is before[0].vm


def test_new_statistics_leave_everything_else_as_it_was_written() -> None:
    view, cache = world()
    before = cache.all()[0]
    vms_pieces([before], NOW)
    view.put("vm.stats", vm_stats("vm0000", 0, 77))
    after = cache.all()[0]
    assert after.made.of_definition is before.made.of_definition
    assert after.made.of_order is before.made.of_order
    assert after.made.of_statistics == {}
    view.put("vm.xml", view.values[KEYS.path("vm.xml", vm=FIRST)].replace(b">2048<", b">99<"))
    changed = cache.all()[0]
    assert (changed.definition.memory_mb, changed.made.of_order) == (99, {})
    view.put("vm.stats", view.values[KEYS.path("vm.stats", vm=FIRST)])
    assert cache.all()[0].made.of_statistics is changed.made.of_statistics


def test_the_bytes_are_the_view() -> None:
    view, cache = world()
    for name, data in (
        ("vm.stats", vm_stats("vm0000", 0, 5)),
        ("vm.tags", b'{"x":{}}'),
        ("vm.seen", b'{"state":"off"}'),
        ("vm.xml", b"<broken"),
        ("vm.meta", b""),
        ("vm.stats", b"{}"),
    ):
        view.put(name, data)
        vms = cache.all()
        assert json.loads(vms_pieces(vms, NOW).read()) == [vm_view(vm, NOW) for vm in vms]
        for fields in (("name",), ("networks", "state"), ("snapshots", "name")):
            for _ in range(2):
                shown = json.loads(vms_with(vms, fields, NOW).read())
                assert shown == [vm_view(vm, NOW, fields) for vm in vms]
    assert vms_pieces([], NOW).read() == vms_with([], ("name",), NOW).read() == b"[]"


def test_choices_of_fields_are_remembered_up_to_a_number() -> None:
    _, cache = world(1)
    (vm,) = cache.all()
    for name in FIELDS:
        vms_with([vm], (name,), NOW)
    assert 0 < len(vm.made.of_statistics) < 7
    assert "statistics" not in vm.__dict__


def test_a_vm_without_a_stamp_is_read_and_not_remembered() -> None:
    view, cache = world(1)
    view.stamps[f"/domains/{FIRST}"] = 0
    assert len(cache.all()) == 1
    assert cache.find("vm0000") is not cache.find("vm0000")


def test_what_is_gone_is_forgotten() -> None:
    view, cache = world()
    assert cache.find("vm0000") is not None
    cache.all()
    gone = {path for path in view.values if path.startswith(f"/domains/{FIRST}")}
    rest = {path: data for path, data in view.values.items() if path not in gone}
    view.__init__(rest)  # type: ignore[misc]
    view.applied = 9
    assert [seen.vm.name for seen in cache.all()] == ["vm0001", "vm0002"]
    assert cache.find("vm0000") is None
    assert cache.find(FIRST) is None


def test_views_are_prepared_before_anybody_asks() -> None:
    fake = FakeApi(synthetic_tree(1, 8))
    try:
        preparing = VmPreparing(fake.services.cluster, fake.clock)
        deadline = Deadline.after(20)
        while not all(is_prepared(seen) for seen in fake.services.cluster.seen_vms()):
            assert not deadline.is_over
            preparing.go_on()
        fake.put("vm.xml", b"<domain/>", vm=FIRST)
        first, *others = fake.services.cluster.seen_vms()
        assert not is_prepared(first)
        assert all(is_prepared(seen) for seen in others)
        preparing.go_on()
        assert is_prepared(first)
        assert fake.get("/vm/vm0000").json[0]["memory"] == 0
    finally:
        fake.close()

"""VMs listed and shown: every field, every filter, and whatever their records hold."""

import json
from typing import Any

import pytest

from api.v1.vm_fields import FIELDS
from cluster.model.vm import (
    Arrival,
    ArrivalPhase,
    Seen,
    SeenState,
    Transfer,
    TransferPhase,
    Wanted,
    WantedState,
)
from cluster.records import move_record, vm_record
from cluster.schema.layout import layout
from cluster.schema.versions import NEWEST
from tests.fakes.api import READER, FakeApi
from tests.fakes.synthetic_cluster import synthetic_tree

KEYS = layout(NEWEST)


def uuid(number: int) -> str:
    return f"1c2f64a0-0000-4c0e-9c5a-{number:012d}"


def order(api: FakeApi, number: int, **said: Any) -> None:
    said = {"state": WantedState.START, "node": "hv1", "serial": 1, **said}
    api.put("vm.wanted", vm_record.wanted_data(Wanted(**said)), vm=uuid(number))


def look(api: FakeApi, number: int, **said: Any) -> None:
    said = {"state": SeenState.RUNNING, "node": "hv1", "serial": 1, **said}
    api.put("vm.seen", vm_record.seen_data(Seen(**said)), vm=uuid(number))


def one(api: FakeApi, name: str, **query: str) -> dict[str, Any]:
    (vm,) = api.get(f"/vm/{name}", **query).json
    found: dict[str, Any] = vm
    return found


def names(reply: Any) -> list[str]:
    return [vm["name"] for vm in reply.json]


# One VM.


def test_a_vm_with_all_its_fields(api: FakeApi) -> None:
    vm = one(api, "vm0001")
    assert set(vm) == set(FIELDS)
    assert vm["uuid"] == uuid(1)
    assert (vm["state"], vm["node"], vm["last_node"], vm["migrated"]) == ("start", "hv2", "", "no")
    assert (vm["memory"], vm["vcpu"], vm["vcpu_topology"]) == (2048, 2, "1/2/1")
    assert (vm["type"], vm["arch"], vm["machine"]) == ("kvm", "x86_64", "pc-i440fx-7.2")
    assert (vm["console"], vm["emulator"]) == ("pty", "/usr/bin/kvm")
    assert vm["vnc"] == {"listen": "127.0.0.1", "port": None}
    assert vm["features"] == ["acpi", "apic", "pae"]
    assert vm["description"] == "The machine number 1"
    assert (vm["node_limit"], vm["node_selector"], vm["node_autostart"]) == (None, "mem", False)
    assert (vm["migration_method"], vm["migration_max_downtime"]) == ("live", 300)
    assert vm["tags"] == [{"name": "web", "type": "user", "protected": False}]
    assert vm["networks"][1]["vni"] == "101"
    assert vm["networks"][1]["wr_drops"] == 1_000_001
    assert vm["disks"][0] == {
        "type": "rbd", "name": "vms/vm0001_root", "dev": "sda", "bus": "scsi",
        "rd_req": 1_000_000, "rd_bytes": 4_096_000_000,
        "wr_req": 1_000_001, "wr_bytes": 512_000_000,
    }  # fmt: skip
    assert vm["memory_stats"]["rss"] == 1_000_000
    assert vm["vcpu_stats"]["user_time"] == 10_000_000
    assert vm["controllers"][0] == {"type": "scsi", "model": "virtio-scsi"}
    assert '"' not in vm["xml"]
    assert "<name>vm0001</name>" in vm["xml"]
    assert (vm["transfer"], vm["arrival"], vm["reason"], vm["broken"]) == (None, None, "", [])


def test_by_uuid_and_by_name_as_a_list_of_one(api: FakeApi) -> None:
    by_name = api.get("/vm/vm0002", token=READER)
    assert names(by_name) == ["vm0002"]
    assert api.get(f"/vm/{uuid(2)}").json == by_name.json
    assert api.get(f"/vm/{uuid(2).upper()}").json == by_name.json
    assert by_name.headers["x-pvc-data-age"] == "0.000"


def test_unknown_vms_are_404(api: FakeApi) -> None:
    for name in ("vm", "vm00011", "VM0001", "..", ".", "\x01", "ü", uuid(77)):
        for what in ("", "/meta", "/tags", "/state", "/node"):
            reply = api.get(f"/vm/{name}{what}")
            assert reply.status == 404
            assert isinstance(reply.message, str)


def test_a_vm_that_the_index_lacks_is_found(api: FakeApi) -> None:
    api.take("vm_name", name="vm0003")
    assert names(api.get("/vm/vm0003")) == ["vm0003"]
    api.put("vm_name", uuid(4).encode(), name="vm0003")
    assert one(api, "vm0003")["uuid"] == uuid(3)


def test_parts_of_a_vm(api: FakeApi) -> None:
    assert api.get("/vm/vm0001/state").json == {"name": "vm0001", "state": "start"}
    assert api.get("/vm/vm0001/node").json == {"name": "vm0001", "node": "hv2", "last_node": ""}
    assert api.get("/vm/vm0001/tags").json["tags"][0]["name"] == "web"
    api.put("vm.meta", b'{"node_limit":["hv1","hv2"],"autostart":true}', vm=uuid(1))
    assert api.get("/vm/vm0001/meta").json == {
        "name": "vm0001",
        "node_limit": ["hv1", "hv2"],
        "node_selector": "none",
        "node_autostart": "True",
        "migration_method": "none",
        "migration_max_downtime": 300,
    }
    vm = one(api, "vm0001")
    assert (vm["node_selector"], vm["migration_method"]) == (None, None)


def test_a_migrated_vm_knows_its_home(api: FakeApi) -> None:
    order(api, 0, node="hv2", home="hv1")
    look(api, 0, node="hv2")
    vm = one(api, "vm0000")
    assert (vm["node"], vm["last_node"], vm["migrated"]) == ("hv2", "hv1", "from hv1")


def test_a_vm_on_its_way(api: FakeApi) -> None:
    order(api, 0, node="hv2", serial=2)
    there = Transfer(serial=2, to="hv2", phase=TransferPhase.SENDING, percent=40, reason="busy")
    api.put("vm.transfer", move_record.transfer_data(there), vm=uuid(0))
    here = Arrival(serial=2, node="hv2", phase=ArrivalPhase.RECEIVING)
    api.put("vm.arrival", move_record.arrival_data(here), vm=uuid(0))
    vm = one(api, "vm0000")
    assert (vm["state"], vm["node"], vm["reason"]) == ("migrate", "hv1", "busy")
    assert vm["transfer"] == {
        "to": "hv2", "phase": "sending", "percent": 40, "serial": 2, "reason": "busy",
    }  # fmt: skip
    assert vm["arrival"] == {"node": "hv2", "phase": "receiving", "serial": 2}
    assert vm["wanted"]["node"] == "hv2"


def test_a_failed_vm_says_why(api: FakeApi) -> None:
    look(api, 0, state=SeenState.FAILED, reason="no such volume")
    vm = one(api, "vm0000")
    assert (vm["state"], vm["failed_reason"]) == ("fail", "no such volume")
    look(api, 0, state=SeenState.PAUSED, reason="I/O error")
    vm = one(api, "vm0000")
    assert (vm["state"], vm["failed_reason"], vm["reason"]) == ("start", "", "I/O error")


def test_a_vm_that_does_not_run_has_no_statistics(api: FakeApi) -> None:
    order(api, 0, state=WantedState.STOP)
    look(api, 0, state=SeenState.OFF)
    vm = one(api, "vm0000")
    assert (vm["state"], vm["memory_stats"], vm["vcpu_stats"]) == ("stop", {}, {})
    assert vm["disks"][0]["rd_bytes"] == 0
    assert vm["statistics_at"] == ""


def test_the_display_of_a_running_vm_is_where_it_says(api: FakeApi) -> None:
    look(api, 0, vnc="10.0.0.1:5901")
    assert one(api, "vm0000")["vnc"] == {"listen": "10.0.0.1", "port": "5901"}
    look(api, 0, vnc="[::1]:5902")
    assert one(api, "vm0000")["vnc"] == {"listen": "[::1]", "port": "5902"}


def test_snapshots_newest_first_with_their_age(api: FakeApi) -> None:
    now = int(api.clock.wall().timestamp())
    xml = api.ensemble.value(KEYS.path("vm.xml", vm=uuid(0)))
    assert xml is not None
    for name, age, memory in (("old", 500, b"1024"), ("new", 100, b"2048")):
        data = {"timestamp": now - age, "rbd_snapshots": [f"vms/vm0000_root@{name}"]}
        api.put("vm.snapshot", json.dumps(data).encode(), vm=uuid(0), snapshot=name)
        text = xml.data.replace(b">2048<", b">" + memory + b"<")
        api.put("vm.snapshot.xml", text, vm=uuid(0), snapshot=name)
    new, old = one(api, "vm0000")["snapshots"]
    assert (new["name"], new["xml_diff_lines"]) == ("new", [])
    assert 100 <= new["age"] <= 130
    assert old["rbd_snapshots"] == ["vms/vm0000_root@old"]
    assert "+  <memory unit='MiB'>1024</memory>" in old["xml_diff_lines"]
    api.clock.ahead = 50
    assert 150 <= one(api, "vm0000")["snapshots"][0]["age"] <= 180
    assert api.get("/vm/vm0000", fields="snapshots").json[0]["snapshots"][1]["name"] == "old"
    api.take("vm.snapshot.xml", vm=uuid(0), snapshot="new")
    api.take("vm.snapshot", vm=uuid(0), snapshot="new")
    assert [one["name"] for one in one(api, "vm0000")["snapshots"]] == ["old"]


# Whatever a record holds.


@pytest.mark.parametrize("junk", [b"", b"None", b"\xff\xfe{[", b"[]", b"7", b'{"a":' * 2000])
def test_no_vm_is_lost_for_a_broken_record(api: FakeApi, junk: bytes) -> None:
    for row in KEYS.rows():
        if row.name.startswith("vm.") and row.path.count("{") == 1:
            api.put(row.name, junk, vm=uuid(1))
    vm = one(api, "vm0001")
    assert set(vm) == set(FIELDS)
    assert len(names(api.get("/vm"))) == 6
    assert set(vm["broken"]) == {"wanted", "seen", "meta", "tags", "xml"}
    assert vm["state"] == "fail"
    for part in ("meta", "tags", "state", "node"):
        assert api.get(f"/vm/vm0001/{part}").status == 200
    for field in FIELDS:
        assert api.get("/vm", fields=field).status == 200
    assert api.get("/status").json["vms"]["total"] == 6


def test_no_vm_is_lost_for_missing_keys(api: FakeApi) -> None:
    for row in KEYS.rows():
        if row.name.startswith("vm.") and row.path.count("{") == 1:
            path = KEYS.path(row.name, vm=uuid(1))
            if api.ensemble.value(path) is not None:
                api.take(row.name, vm=uuid(1))
    assert one(api, "vm0001")["node"] == ""
    assert len(names(api.get("/vm"))) == 6


@pytest.mark.parametrize(
    "tags", [b'{"a":{"type":"user","protected":"None"}}', b'{"a":null}', b'{"a":{}}']
)
def test_a_tag_stored_without_protection_does_not_hide_its_vm(api: FakeApi, tags: bytes) -> None:
    api.put("vm.tags", tags, vm=uuid(0))
    assert one(api, "vm0000")["tags"] == [{"name": "a", "type": "user", "protected": False}]


@pytest.mark.parametrize(
    "stats",
    [
        b'{"disk_stats":{},"net_stats":7,"mem_stats":[],"cpu_stats":null,"at":5}',
        b'{"disk_stats":[7,null],"net_stats":[{"mac":5}],"mem_stats":{"rss":"x","actual":true}}',
    ],
)
def test_broken_statistics(api: FakeApi, stats: bytes) -> None:
    api.put("vm.stats", stats, vm=uuid(0))
    vm = one(api, "vm0000")
    assert (vm["memory_stats"], vm["statistics_at"]) == ({}, "")
    assert vm["disks"][0]["rd_bytes"] == vm["networks"][0]["rd_bytes"] == 0


def test_statistics_of_an_earlier_layout_are_told_by_their_order(api: FakeApi) -> None:
    stats = {"disk_stats": [{"rd_req": 1}, {"rd_req": 2}], "net_stats": [{}, {"rd_bytes": 9}]}
    api.put("vm.stats", json.dumps(stats).encode(), vm=uuid(0))
    vm = one(api, "vm0000")
    assert [disk["rd_req"] for disk in vm["disks"]] == [1, 2]
    assert [nic["rd_bytes"] for nic in vm["networks"]] == [0, 9]


def test_the_definition_keeps_its_meaning_without_double_quotes(api: FakeApi) -> None:
    xml = api.ensemble.value(KEYS.path("vm.xml", vm=uuid(0)))
    assert xml is not None
    text = xml.data.replace(b"The machine number 0", b'it\'s &lt;"0"&gt; <!-- "c" -->')
    text = text.replace(b"<name>vm0000</name>", b"<name>vm0000</name><title a=\"it's\" b='x'/>")
    api.put("vm.xml", text, vm=uuid(0))
    vm = one(api, "vm0000")
    assert vm["description"] == 'it\'s <"0">'
    assert "<title a='it&apos;s' b='x'/>" in vm["xml"]
    assert 'it\'s &lt;&quot;0&quot;&gt; <!-- "c" -->' in vm["xml"]


# Lists.


def test_all_vms(api: FakeApi) -> None:
    reply = api.get("/vm")
    assert names(reply) == [f"vm000{i}" for i in range(6)]
    assert reply.json == [one(api, f"vm000{i}") for i in range(6)]
    assert reply.headers["x-pvc-total"] == "6"
    assert int(reply.headers["content-length"]) == len(reply.body)


def test_no_vms_are_404() -> None:
    fake = FakeApi(synthetic_tree(1, 0))
    assert fake.get("/vm").status == 404
    fake.close()


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ([("limit", "vm000[12]")], "12"),
        ([("limit", "^vm0003$")], "3"),
        ([("limit", uuid(4))], "4"),
        ([("limit", uuid(4).upper())], "4"),
        ([("node", "hv1")], "03"),
        ([("node", "hv1"), ("node", "hv2")], "0134"),
        ([("tag", "web")], "135"),
        ([("tag", "web"), ("node", "hv1")], "3"),
        ([("tag", "web"), ("negate", "true")], "024"),
        ([("tag", "web"), ("node", "hv1"), ("negate", "true")], "24"),
        ([("state", "stop")], "5"),
        ([("state", "stop"), ("state", "start"), ("limit", "[45]")], "45"),
        ([("state", "stop"), ("negate", "yes"), ("limit", "[45]")], "4"),
        ([("negate", "true"), ("limit", "[45]")], "45"),
        ([("sort", "-name"), ("limit", "[345]")], "543"),
        ([("sort", "node")], "031425"),
        ([("sort", "-node")], "251403"),
        ([("sort", "state"), ("limit", "[45]")], "45"),
        ([("page", "2"), ("page_size", "4")], "45"),
        ([("page_size", "2")], "01"),
        ([("page", "2"), ("page_size", "1"), ("sort", "-name"), ("tag", "web")], "3"),
    ],
)
def test_filters_sorting_and_pages(api: FakeApi, query: list[tuple[str, str]], found: str) -> None:
    order(api, 5, state=WantedState.STOP, node="hv3")
    look(api, 5, state=SeenState.OFF, node="hv3")
    reply = api.call("GET", "/vm", query=query)
    assert "".join(name[-1] for name in names(reply)) == found


@pytest.mark.parametrize(
    "query",
    [{"limit": "xyz"}, {"node": "hv9"}, {"tag": "no"}, {"state": "fail"}, {"limit": uuid(99)},
     {"page": "3", "page_size": "4"}, {"page": "2"}],
)  # fmt: skip
def test_nothing_found_is_404(api: FakeApi, query: dict[str, str]) -> None:
    reply = api.get("/vm", **query)
    assert reply.status == 404
    assert isinstance(reply.message, str)


@pytest.mark.parametrize(
    ("name", "value"),
    [("limit", "("), ("limit", r"(a)\1"), ("state", "running"), ("sort", "xml"), ("page", "0"),
     ("page_size", "0"), ("page", "x"), ("fields", "name,size"), ("page_size", "10001")],
)  # fmt: skip
def test_bad_parameters_are_named(api: FakeApi, name: str, value: str) -> None:
    reply = api.get("/vm", **{name: value})
    assert reply.status == 400
    assert list(reply.message) == [name]


def test_pages_tell_how_many_there_are(api: FakeApi) -> None:
    reply = api.get("/vm", page=2, page_size=2, tag="web")
    assert (names(reply), reply.headers["x-pvc-total"]) == (["vm0005"], "3")


def test_only_some_fields(api: FakeApi) -> None:
    assert api.get("/vm", fields="name,state", limit="1").json == [
        {"name": "vm0001", "state": "start"}
    ]
    assert list(one(api, "vm0001", fields=" memory , name ")) == ["memory", "name"]
    full = one(api, "vm0001")
    for field in FIELDS:
        assert api.get("/vm/vm0001", fields=field).json == [{field: full[field]}]


def test_what_changes_is_shown_at_once(api: FakeApi) -> None:
    before = names(api.get("/vm"))
    api.put("vm.tags", b'{"db":{"type":"system","protected":true}}', vm=uuid(0))
    assert one(api, "vm0000")["tags"] == [{"name": "db", "type": "system", "protected": True}]
    api.put("vm.stats", b'{"cpu_stats":{"cpu_time":7}}', vm=uuid(0))
    assert one(api, "vm0000")["vcpu_stats"] == {"cpu_time": 7}
    api.put("vm", b"renamed", vm=uuid(0))
    assert names(api.get("/vm")) == ["renamed", *before[1:]]
    xml = api.ensemble.value(KEYS.path("vm.xml", vm=uuid(1)))
    assert xml is not None
    api.put("vm.xml", xml.data.replace(b">2048<", b">512<"), vm=uuid(1))
    assert one(api, "vm0001")["memory"] == 512


def test_vms_come_and_go(api: FakeApi) -> None:
    keys = [row for row in KEYS.rows() if row.name.startswith("vm.") and row.path.count("{") == 1]
    for row in reversed(keys):
        if api.ensemble.value(KEYS.path(row.name, vm=uuid(2))) is not None:
            api.take(row.name, vm=uuid(2))
    api.take("vm", vm=uuid(2))
    assert "vm0002" not in names(api.get("/vm"))
    assert api.get("/vm/vm0002").status == 404
    api.put("vm", b"vm0002", vm=uuid(2))
    assert "vm0002" in names(api.get("/vm"))


def test_no_call_asks_the_store(api: FakeApi) -> None:
    requests = api.ensemble.requests
    for path in ("/vm", "/vm/vm0001", "/vm/vm0001/meta", "/vm/nobody", "/node", "/status"):
        api.get(path)
    assert api.ensemble.requests == requests

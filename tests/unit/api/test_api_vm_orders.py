"""Orders about VMs: what is written, what is refused and how, and waiting for the end."""

import threading
from collections.abc import Callable
from typing import Any

import pytest

from api.v1.waits import LONGEST_SECONDS
from cluster.model.vm import MigrationMethod, Seen, SeenState, Selector, Wanted, WantedState
from cluster.records import vm_record
from cluster.records.vm_label_record import read_meta, read_tags
from cluster.schema.layout import layout
from cluster.schema.versions import NEWEST
from runtime.deadline import Deadline
from tests.fakes.api import FakeApi, Reply
from tests.fakes.synthetic_cluster import vm_xml

KEYS = layout(NEWEST)
NEW = "1c2f64a0-0000-4c0e-9c5a-0000000000ff"


def uuid(number: int) -> str:
    return f"1c2f64a0-0000-4c0e-9c5a-{number:012d}"


def data(api: FakeApi, key: str, vm: str) -> bytes | None:
    value = api.ensemble.value(KEYS.path(key, vm=vm))
    return None if value is None else value.data


def wanted(api: FakeApi, number: int) -> Wanted:
    return vm_record.read_wanted(data(api, "vm.wanted", uuid(number)))


def look(api: FakeApi, number: int, **said: Any) -> None:
    said = {"state": SeenState.RUNNING, "node": "hv1", "serial": 1, **said}
    api.put("vm.seen", vm_record.seen_data(Seen(**said)), vm=uuid(number))


def post(api: FakeApi, path: str, method: str = "POST", **form: object) -> Reply:
    pairs = [(k, v) for k, vs in form.items() for v in (vs if isinstance(vs, list) else [vs])]
    return api.call(method, path, form=pairs)


def xml(name: str = "new1", identity: str = NEW) -> str:
    return vm_xml(name, identity, 255).decode()


# Define, modify, rename, remove.


def test_define(api: FakeApi) -> None:
    reply = post(
        api, "/vm", xml=xml(), node="hv2", limit=["hv1,hv2", "hv3"], selector="vcpus",
        autostart="True", migration_method="live", migration_max_downtime="500",
        user_tags=["a", "b"], protected_tags=["c"],
    )  # fmt: skip
    assert (reply.status, reply.message) == (200, "VM 'new1' is defined on node 'hv2'.")
    (vm,) = api.get("/vm/new1").json
    assert (vm["state"], vm["node"], vm["node_selector"]) == ("stop", "hv2", "vcpus")
    assert vm["node_limit"] == ["hv1", "hv2", "hv3"]
    assert (vm["node_autostart"], vm["migration_method"]) == (True, "live")
    assert vm["migration_max_downtime"] == 500
    assert [(t["name"], t["protected"]) for t in vm["tags"]] == [
        ("a", False), ("b", False), ("c", True),
    ]  # fmt: skip


def test_define_with_nothing_but_a_definition(api: FakeApi) -> None:
    assert post(api, "/vm/ignored", xml=xml()).status == 200
    (vm,) = api.get("/vm/new1").json
    assert vm["node"] in ("hv1", "hv2", "hv3")
    assert (vm["node_limit"], vm["tags"], vm["migration_max_downtime"]) == (None, [], 300)


def test_one_limit_is_a_limit(api: FakeApi) -> None:
    assert post(api, "/vm", xml=xml(), limit="hv3").status == 200
    assert api.get("/vm/new1").json[0]["node_limit"] == ["hv3"]
    assert api.get("/vm/new1").json[0]["node"] == "hv3"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (xml().replace("<name>new1</name>", ""), "<name>: it is missing"),
        (xml().replace(">2048<", ">lots<"), "<memory>: 'lots'"),
        (xml().replace("<vcpu>2", "<vcpu>x"), "<vcpu>: 'x'"),
        (xml().replace('protocol="rbd"', 'protocol="nbd"'), "<disk> sda: protocol 'nbd'"),
        ("<domain>", "this is no XML"),
        ("<network/>", "<network> is no definition of a VM"),
        ("no xml at all", "this is no XML"),
        ('<!DOCTYPE d [<!ENTITY a "b">]><domain>&a;</domain>', "DOCTYPE"),
        (xml().replace("<metadata/>", f"<!--{'x' * 300_000}-->"), "at most 262144"),
        ("<a>" * 70 + "</a>" * 70, "64 elements deep"),
    ],
)
def test_a_definition_that_is_refused_says_which_element_and_why(
    api: FakeApi, text: str, why: str
) -> None:
    for method, path in (("POST", "/vm"), ("PUT", "/vm/vm0001")):
        reply = post(api, path, method, xml=text)
        assert reply.status == 400
        assert why in reply.message
        assert '"' not in reply.message


def test_a_definition_beyond_every_measure(api: FakeApi) -> None:
    reply = post(api, "/vm", xml="x" * (2 << 20))
    assert (reply.status, isinstance(reply.message, str)) == (413, True)


@pytest.mark.parametrize(
    ("form", "status", "parameter"),
    [
        ({}, 400, "xml"),
        ({"xml": xml(), "selector": "best"}, 400, "selector"),
        ({"xml": xml(), "migration_method": "teleport"}, 400, "migration_method"),
        ({"xml": xml(), "migration_max_downtime": "0"}, 400, "migration_max_downtime"),
        ({"xml": xml(), "node": "hv9"}, 400, None),
        ({"xml": xml(), "limit": "hv9"}, 409, None),
        ({"xml": xml(), "limit": "hv9", "node": "hv1"}, 400, None),
        ({"xml": xml(), "user_tags": "a b"}, 400, None),
        ({"xml": xml("vm0001")}, 409, None),
        ({"xml": xml("new1", uuid(1))}, 409, None),
        ({"xml": xml(), "node": "hv1", "limit": "hv2"}, 409, None),
    ],
)
def test_defines_that_are_refused(
    api: FakeApi, form: dict[str, str], status: int, parameter: str | None
) -> None:
    reply = post(api, "/vm", **form)
    assert reply.status == status
    assert list(reply.message) == [parameter] if parameter else isinstance(reply.message, str)
    assert api.get("/vm/new1").status == 404


def test_modify_what_the_api_has_shown(api: FakeApi) -> None:
    shown = api.get("/vm/vm0001").json[0]["xml"]
    changed = shown.replace(">2048<", ">4096<")
    reply = post(api, "/vm/vm0001", "PUT", xml=changed, restart="False")
    assert reply.status == 200
    assert "started the next time" in reply.message
    assert api.get("/vm/vm0001").json[0]["memory"] == 4096
    assert wanted(api, 1).serial == 1
    assert post(api, f"/vm/{uuid(1)}", "PUT", xml=shown, restart="True").status == 200
    assert wanted(api, 1).state is WantedState.RESTART


def test_rename_and_remove(api: FakeApi) -> None:
    api.put("vm.wanted", vm_record.wanted_data(Wanted(state=WantedState.STOP, node="hv2")),
            vm=uuid(1))  # fmt: skip
    look(api, 1, state=SeenState.OFF, node="hv2")
    assert post(api, "/vm/vm0001/rename", new_name="web").status == 200
    assert api.get("/vm/vm0001").status == 404
    assert api.get("/vm/web").json[0]["uuid"] == uuid(1)
    assert post(api, "/vm/web", "DELETE").message == "VM 'web' is removed."
    assert api.get("/vm/web").status == 404


@pytest.mark.parametrize(
    ("name", "new_name", "status"),
    [("vm0001", "vm0002", 409), ("vm0001", "a b", 400), ("vm0001", "", 400), ("no", "x", 400),
     ("vm0001", "running", 409)],
)  # fmt: skip
def test_renames_that_are_refused(api: FakeApi, name: str, new_name: str, status: int) -> None:
    assert post(api, f"/vm/{name}/rename", new_name=new_name).status == status
    assert post(api, f"/vm/{name}/rename").status == 400


def test_a_running_vm_is_removed_by_its_node(api: FakeApi) -> None:
    reply = post(api, "/vm/vm0001", "DELETE", delete_disks="True")
    assert (reply.status, reply.message) == (
        200, "VM 'vm0001' is about to be removed with its volumes.",
    )  # fmt: skip
    order = wanted(api, 1)
    assert (order.state, order.removes_volumes) == (WantedState.DELETE, True)
    assert api.get("/vm/vm0001/state").json["state"] == "delete"


# Meta and tags.


def test_meta_changes_only_what_is_given(api: FakeApi) -> None:
    before = read_meta(data(api, "vm.meta", uuid(1)))
    assert post(api, "/vm/vm0001/meta", autostart="True").status == 200
    after = read_meta(data(api, "vm.meta", uuid(1)))
    assert (after.autostart, after.node_selector) == (True, before.node_selector)
    form = {"limit": "hv1,hv2", "selector": "none", "migration_method": "shutdown"}
    assert (
        post(api, "/vm/vm0001/meta", **form, migration_max_downtime=700, profile="p").status == 200
    )
    after = read_meta(data(api, "vm.meta", uuid(1)))
    assert (after.node_limit, after.node_selector) == (("hv1", "hv2"), Selector.NONE)
    assert after.migration_method is MigrationMethod.SHUTDOWN
    assert (after.migration_max_downtime_ms, after.autostart) == (700, True)
    assert post(api, "/vm/vm0001/meta", limit="", autostart="no").status == 200
    vm = api.get("/vm/vm0001").json[0]
    assert (vm["node_limit"], vm["node_autostart"], vm["profile"]) == (None, False, "p")


@pytest.mark.parametrize(
    ("name", "form", "status"),
    [("no", {}, 404), ("vm0001", {"limit": "hv9"}, 404), ("vm0001", {"selector": "x"}, 400),
     ("vm0001", {"migration_max_downtime": "-1"}, 400)],
)  # fmt: skip
def test_meta_that_is_refused(api: FakeApi, name: str, form: dict[str, str], status: int) -> None:
    assert post(api, f"/vm/{name}/meta", **form).status == status


def test_tags(api: FakeApi) -> None:
    assert post(api, "/vm/vm0000/tags", action="add", tag="db").status == 200
    assert post(api, "/vm/vm0000/tags", action="add", tag="vip", protected="True").status == 200
    tags = read_tags(data(api, "vm.tags", uuid(0)))
    assert [(tag.name, tag.is_protected) for tag in tags] == [("db", False), ("vip", True)]
    assert post(api, "/vm/vm0000/tags", action="remove", tag="vip").status == 409
    assert post(api, "/vm/vm0000/tags", action="remove", tag="db").status == 200
    assert post(api, "/vm/vm0000/tags", action="remove", tag="db").status == 404
    assert post(api, "/vm/no/tags", action="add", tag="db").status == 404
    assert post(api, "/vm/vm0000/tags", action="paint", tag="db").status == 400
    assert post(api, "/vm/vm0000/tags", tag="db").status == 400
    assert post(api, "/vm/vm0000/tags", action="add", tag="a b").status == 400
    assert [tag["name"] for tag in api.get("/vm/vm0000/tags").json["tags"]] == ["vip"]


# States and nodes.


@pytest.mark.parametrize(
    ("state", "follows"),
    [("restart", WantedState.RESTART), ("shutdown", WantedState.SHUTDOWN),
     ("stop", WantedState.STOP), ("disable", WantedState.DISABLE), ("start", WantedState.START)],
)  # fmt: skip
def test_states(api: FakeApi, state: str, follows: WantedState) -> None:
    reply = post(api, "/vm/vm0001/state", state=state)
    assert reply.status == 200
    assert reply.message.startswith("VM 'vm0001' is to ")
    assert (wanted(api, 1).state, wanted(api, 1).serial) == (follows, 2)


def test_by_uuid_in_any_case(api: FakeApi) -> None:
    assert post(api, f"/vm/{uuid(1).upper()}/state", state="stop").status == 200
    assert wanted(api, 1).state is WantedState.STOP


@pytest.mark.parametrize("name", ["no", "..", uuid(77), "\x01"])
def test_orders_for_an_unknown_vm_are_400(api: FakeApi, name: str) -> None:
    for path, method, form in (
        ("/state", "POST", {"state": "start"}),
        ("/node", "POST", {"action": "migrate"}),
        ("/rename", "POST", {"new_name": "x"}),
        ("", "PUT", {"xml": xml()}),
        ("", "DELETE", {}),
    ):
        reply = post(api, f"/vm/{name}{path}", method, **form)
        assert (reply.status, isinstance(reply.message, str)) == (400, True)
    for path in ("/meta", "/locks"):
        assert post(api, f"/vm/{name}{path}").status == 404


def test_a_state_that_does_not_allow_an_order(api: FakeApi) -> None:
    assert post(api, "/vm/vm0001/state", state="stop").status == 200
    reply = post(api, "/vm/vm0001/state", state="restart")
    assert (reply.status, reply.json["code"]) == (409, "illegal_transition")
    assert post(api, "/vm/vm0001/state", state="fly").status == 400
    assert post(api, "/vm/vm0001/state").status == 400


def test_a_mirror_needs_force(api: FakeApi) -> None:
    mirror = Wanted(state=WantedState.MIRROR, node="hv2", serial=1)
    api.put("vm.wanted", vm_record.wanted_data(mirror), vm=uuid(1))
    look(api, 1, state=SeenState.OFF, node="hv2")
    assert post(api, "/vm/vm0001/state", state="start").status == 409
    assert post(api, "/vm/vm0001/state", state="start", force="True").status == 200


def test_migrate_unmigrate_move(api: FakeApi) -> None:
    reply = post(api, "/vm/vm0001/node", action="migrate", node="hv3", force_live="True")
    assert (reply.status, reply.message) == (200, "VM 'vm0001' is to be on node 'hv3'.")
    order = wanted(api, 1)
    assert (order.node, order.home, order.is_live_only) == ("hv3", "hv2", True)
    look(api, 1, node="hv3", serial=2)
    assert post(api, "/vm/vm0001/node", action="migrate", node="hv1").status == 409
    reply = post(api, "/vm/vm0001/node", action="migrate", node="hv1", force="True")
    assert (reply.status, wanted(api, 1).home) == (200, "hv2")
    look(api, 1, node="hv1", serial=3)
    assert post(api, "/vm/vm0001/node", action="unmigrate").status == 200
    assert (wanted(api, 1).node, wanted(api, 1).home) == ("hv2", "")
    look(api, 1, node="hv2", serial=4)
    assert post(api, "/vm/vm0001/node", action="move", node="hv1").status == 200
    assert (wanted(api, 1).node, wanted(api, 1).home) == ("hv1", "")


def test_the_best_node_is_chosen(api: FakeApi) -> None:
    assert post(api, "/vm/vm0001/node", action="migrate").status == 200
    assert wanted(api, 1).node in ("hv1", "hv3")


@pytest.mark.parametrize(
    ("form", "status"),
    [({"action": "migrate", "node": "hv9"}, 400), ({"action": "unmigrate"}, 409),
     ({"action": "migrate", "node": "hv2"}, 409), ({"action": "teleport"}, 400), ({}, 400),
     ({"action": "move", "node": "a/b"}, 400)],
)  # fmt: skip
def test_moves_that_are_refused(api: FakeApi, form: dict[str, str], status: int) -> None:
    assert post(api, "/vm/vm0001/node", **form).status == status
    assert wanted(api, 1).serial == 1


# Tasks.


def test_locks_are_a_task_of_the_node_it_is_set_to(api: FakeApi) -> None:
    reply = post(api, "/vm/vm0001/locks")
    assert (reply.status, reply.json["task_name"]) == (202, "vm.flush_locks")
    assert reply.json["run_on"] == "hv2"
    assert reply.headers["location"] == f"/api/v1/tasks/{reply.json['task_id']}"
    assert api.get(f"/tasks/{reply.json['task_id']}").json["state"] == "PENDING"
    (task,) = api.services.cluster.tasks()
    assert task.order.arguments == {"vm": uuid(1)}
    assert task.order.by == "boss"


def test_locks_that_protect_another_vm_stay(api: FakeApi) -> None:
    volume = api.get("/vm/vm0002").json[0]["disks"][0]["name"]
    own = api.get("/vm/vm0001").json[0]["disks"][0]["name"]
    text = data(api, "vm.xml", uuid(1))
    assert text is not None
    api.put("vm.xml", text.replace(own.encode(), volume.encode()), vm=uuid(1))
    api.put("vm.seen", vm_record.seen_data(Seen(state=SeenState.OFF, node="hv2")), vm=uuid(2))
    assert post(api, "/vm/vm0001/locks").status == 202
    look(api, 2, node="hv3")
    reply = post(api, "/vm/vm0001/locks")
    assert reply.status == 409
    assert all(word in reply.message for word in (volume, "vm0002", "hv3"))


def test_a_volume_that_another_vm_runs_with_is_not_attached(api: FakeApi) -> None:
    volume = api.get("/vm/vm0002").json[0]["disks"][0]["name"]
    inner = f"<source protocol='rbd' name='{volume}'/><target dev='sdc'/>"
    look(api, 2, node="hv3")
    reply = post(api, "/vm/vm0001/device", xml=f"<disk type='network'>{inner}</disk>")
    assert reply.status == 409
    assert all(word in reply.message for word in (volume, "vm0002", "hv3", "<shareable/>"))
    detached = f"<disk type='network'>{inner}</disk>"
    assert post(api, "/vm/vm0001/device", "DELETE", xml=detached).status == 202
    shared = f"<disk type='network'>{inner}<shareable/></disk>"
    assert post(api, "/vm/vm0001/device", xml=shared).status == 202


@pytest.mark.parametrize(
    ("method", "name"), [("POST", "vm.device_attach"), ("DELETE", "vm.device_detach")]
)
def test_devices_are_tasks(api: FakeApi, method: str, name: str) -> None:
    device = "<disk type='network'><target dev='sdc'/></disk>"
    reply = post(api, "/vm/vm0001/device", method, xml=device)
    assert (reply.status, reply.json["task_name"], reply.json["run_on"]) == (202, name, "hv2")
    (task,) = api.services.cluster.tasks()
    assert task.order.arguments == {"vm": uuid(1), "xml": device}
    for bad in ("<disk", "<domain/>", "x" * 300_000):
        assert post(api, "/vm/vm0001/device", method, xml=bad).status == 400
    assert post(api, "/vm/vm0001/device", method).status == 400
    assert post(api, "/vm/no/device", method, xml=device).status == 404
    assert len(api.services.cluster.tasks()) == 1


# Waiting.


def waited(api: FakeApi, then: Callable[[], None], path: str, **form: str) -> Reply:
    """Make a call that waits, let something happen when it does, return its answer."""
    replies: list[Reply] = []
    call = threading.Thread(target=lambda: replies.append(post(api, path, wait="true", **form)))
    call.start()
    deadline = Deadline.after(10)
    pause = threading.Event()
    while not len(api.room) and call.is_alive():
        assert not deadline.is_over
        pause.wait(0.005)
    assert call.is_alive()
    then()
    call.join(10)
    return replies[0]


def test_waiting_for_a_shutdown(api: FakeApi) -> None:
    def ends() -> None:
        look(api, 1, state=SeenState.STOPPING, node="hv2", serial=2)
        look(api, 1, state=SeenState.OFF, node="hv2", serial=2)

    reply = waited(api, ends, "/vm/vm0001/state", state="shutdown")
    assert (reply.status, reply.message) == (200, "VM 'vm0001' is shut down.")
    assert reply.headers["x-pvc-data-age"] == "0.000"
    assert len(api.room) == 0


def test_waiting_for_a_migration(api: FakeApi) -> None:
    reply = waited(
        api, lambda: look(api, 1, node="hv3", serial=2), "/vm/vm0001/node",
        action="migrate", node="hv3",
    )  # fmt: skip
    assert (reply.status, reply.message) == (200, "VM 'vm0001' is on node 'hv3'.")


def test_waiting_for_what_is_done_already(api: FakeApi) -> None:
    api.put("vm.wanted", vm_record.wanted_data(Wanted(state=WantedState.STOP, node="hv2")),
            vm=uuid(1))  # fmt: skip
    look(api, 1, state=SeenState.OFF, node="hv2")
    reply = post(api, "/vm/vm0001/node", action="move", node="hv1", wait="true")
    assert (reply.status, reply.message) == (200, "VM 'vm0001' is on node 'hv1'.")


def test_a_wait_ends_when_the_order_fails(api: FakeApi) -> None:
    reply = waited(
        api,
        lambda: look(api, 1, state=SeenState.FAILED, node="hv2", serial=2, reason="no memory"),
        "/vm/vm0001/state", state="restart",
    )  # fmt: skip
    assert (reply.status, reply.json["code"]) == (409, "order_failed")
    assert "no memory" in reply.message


def test_a_wait_ends_when_the_move_is_given_up(api: FakeApi) -> None:
    def gives_up() -> None:
        back = Wanted(state=WantedState.START, node="hv2", serial=3)
        api.put("vm.wanted", vm_record.wanted_data(back), vm=uuid(1))
        look(api, 1, node="hv2", serial=3, reason="the target has not enough memory")

    reply = waited(api, gives_up, "/vm/vm0001/node", action="migrate", node="hv3")
    assert (reply.status, reply.json["code"]) == (409, "order_failed")
    assert "stays on hv2: the target has not enough memory" in reply.message


def test_a_wait_ends_when_another_order_is_given(api: FakeApi) -> None:
    def stops() -> None:
        assert post(api, "/vm/vm0001/state", state="stop").status == 200

    reply = waited(api, stops, "/vm/vm0001/state", state="shutdown")
    assert (reply.status, reply.json["code"]) == (409, "order_replaced")


def test_a_wait_ends_when_the_vm_is_gone(api: FakeApi) -> None:
    reply = waited(
        api, lambda: api.take_all("vm", vm=uuid(1)), "/vm/vm0001/state", state="shutdown"
    )
    assert reply.status == 404


def test_a_wait_ends_when_its_time_is_over(api: FakeApi) -> None:
    def time_goes_by() -> None:
        api.clock.ahead = 601.0
        api.room.look_again()

    form = {"state": "shutdown", "wait_seconds": "600"}
    reply = waited(api, time_goes_by, "/vm/vm0001/state", **form)
    assert (reply.status, reply.json["code"]) == (503, "still_under_way")
    assert "order stands" in reply.message
    assert wanted(api, 1).state is WantedState.SHUTDOWN


@pytest.mark.parametrize("seconds", ["0", str(LONGEST_SECONDS + 1), "x"])
def test_waits_are_bounded(api: FakeApi, seconds: str) -> None:
    reply = post(api, "/vm/vm0001/state", state="shutdown", wait="true", wait_seconds=seconds)
    assert (reply.status, list(reply.message)) == (400, ["wait_seconds"])
    assert wanted(api, 1).serial == 1


def test_too_many_waits_are_refused_and_their_orders_stand(api: FakeApi) -> None:
    calls = [
        threading.Thread(
            target=post, args=(api, f"/vm/vm000{number}/state"),
            kwargs={"state": "shutdown", "wait": "true"},
        )
        for number in range(3)
    ]  # fmt: skip
    for call in calls:
        call.start()
    deadline = Deadline.after(10)
    while len(api.room) < 3:
        assert not deadline.is_over
        threading.Event().wait(0.005)
    reply = post(api, "/vm/vm0004/state", state="shutdown", wait="true")
    assert (reply.status, reply.json["code"]) == (503, "too_many_waiting")
    assert reply.headers["retry-after"]
    assert wanted(api, 4).state is WantedState.SHUTDOWN
    for number in range(3):
        look(api, number, state=SeenState.OFF, serial=2)
    for call in calls:
        call.join(10)


def test_a_crash_in_the_looking_is_an_answer(api: FakeApi, monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*_: object) -> bool:
        raise RuntimeError("our bug")

    def breaks() -> None:
        monkeypatch.setattr("api.v1.routes_vm_state.is_carried_out", crash)
        look(api, 1, state=SeenState.STOPPING, node="hv2")

    reply = waited(api, breaks, "/vm/vm0001/state", state="shutdown")
    assert (reply.status, reply.json) == (500, {"message": "Internal Server Error"})
    assert post(api, "/vm/vm0002/state", state="stop").status == 200


# Nodes.


def test_flush_and_ready(api: FakeApi) -> None:
    assert post(api, "/node/hv2/domain-state", state="flush").status == 200
    (node,) = api.get("/node/hv2").json
    assert (node["wanted_domain_state"], node["domain_state"]) == ("flushed", "ready")
    assert post(api, "/node/hv2/domain-state", state="ready").status == 200
    assert api.get("/node/hv2").json[0]["wanted_domain_state"] == "ready"
    assert post(api, "/node/hv9/domain-state", state="ready").status == 400
    assert post(api, "/node/../domain-state", state="ready").status == 400
    assert post(api, "/node/hv2/domain-state", state="empty").status == 400


def test_waiting_for_a_flush(api: FakeApi) -> None:
    def flushes() -> None:
        api.put("node.domain_state", b"flush", node="hv2")
        api.put("node.flush", b'{"serial":1,"total":2,"moving":["vm0001"]}', node="hv2")
        api.put("node.domain_state", b"flushed", node="hv2")

    reply = waited(api, flushes, "/node/hv2/domain-state", state="flush")
    assert (reply.status, reply.message) == (200, "Node 'hv2' is flushed of VMs.")
    (node,) = api.get("/node/hv2").json
    assert node["flush"] == {
        "serial": 1, "total": 2, "done": 0, "moving": ["vm0001"], "stuck": {},
    }  # fmt: skip


def test_a_flush_that_is_stuck_names_the_vms(api: FakeApi) -> None:
    def is_stuck() -> None:
        old = b'{"serial":0,"total":1,"stuck":{"vm9":"old news"}}'
        api.put("node.flush", old, node="hv2")
        api.put("node.domain_state", b"flush", node="hv2")
        new = b'{"serial":1,"total":2,"done":1,"stuck":{"vm0001":"no node has room"}}'
        api.put("node.flush", new, node="hv2")

    reply = waited(api, is_stuck, "/node/hv2/domain-state", state="flush")
    assert (reply.status, reply.json["code"]) == (409, "order_failed")
    assert "vm0001: no node has room" in reply.message
    assert "old news" not in reply.message


def test_the_opposite_order_ends_a_wait(api: FakeApi) -> None:
    def opposite() -> None:
        assert post(api, "/node/hv2/domain-state", state="ready").status == 200

    reply = waited(api, opposite, "/node/hv2/domain-state", state="flush")
    assert (reply.status, reply.json["code"]) == (409, "order_replaced")


def test_nodes_sorted_and_in_pages(api: FakeApi) -> None:
    reply = api.get("/node", sort="-name", page=1, page_size=2, fields="name,daemon_state")
    assert reply.json == [
        {"name": "hv3", "daemon_state": "run"}, {"name": "hv2", "daemon_state": "run"},
    ]  # fmt: skip
    assert reply.headers["x-pvc-total"] == "3"
    reply = api.call(
        "GET", "/node", query=[("coordinator_state", "primary"), ("coordinator_state", "x")]
    )
    assert [node["name"] for node in reply.json] == ["hv1"]

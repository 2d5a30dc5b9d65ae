"""Every endpoint's answers, good and bad."""

from typing import Any

import pytest

from api.access import Access
from api.v1.endpoint import Answer, Call, Endpoint
from cluster.model.task import TaskOrder, TaskProgress, TaskState
from cluster.records import fault_record, task_record
from cluster.schema.layout import layout
from cluster.schema.logchunk import chunk_name
from cluster.schema.versions import NEWEST
from runtime.clock import SYSTEM_CLOCK
from tests.fakes.api import READER, FakeApi
from tests.fakes.synthetic_cluster import synthetic_tree

KEYS = layout(NEWEST)


def report(api: FakeApi, name: str, *, delta: int = 10, message: str = "broken") -> None:
    api.change(
        *fault_record.report(
            KEYS,
            name,
            is_new=True,
            at=SYSTEM_CLOCK.wall(),
            health_delta=delta,
            message=message,
        )
    )
    api.settle()


def names(reply: Any) -> list[str]:
    return [one["name"] for one in reply.json]


# The root, documentation, and what does not exist.


def test_root(api: FakeApi) -> None:
    assert "PVC API" in api.get("/", token=None).message


@pytest.mark.parametrize(
    ("path", "to"), [("/", "/api/v1/docs"), ("", "/api/v1/docs"), ("/api/v1", "/api/v1/")]
)
def test_redirects(api: FakeApi, path: str, to: str) -> None:
    reply = api.call("GET", path, prefix="", token=None)
    assert (reply.status, reply.headers["location"]) == (302, to)


@pytest.mark.parametrize(
    "path", ["/nodes", "/node/", "/node/hv1/x", "/node/a/b/c", "/%00", "//", "/status/"]
)
def test_unknown_paths_are_json(api: FakeApi, path: str) -> None:
    reply = api.get(path)
    assert reply.status == 404
    assert reply.headers["content-type"].startswith("application/json")
    assert isinstance(reply.message, str)


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/node"), ("DELETE", "/"), ("PUT", "/status"), ("GET", "/login")]
)
def test_wrong_methods_are_json(api: FakeApi, method: str, path: str) -> None:
    reply = api.call(method, path)
    assert reply.status == 405
    assert reply.message
    assert reply.headers["allow"]


def test_our_bugs_are_json_and_tell_nothing() -> None:
    def crash(_call: Call) -> Answer:
        raise RuntimeError("secret inside")

    broken = Endpoint(
        method="GET",
        path="/crash",
        group="x",
        summary="",
        handler=crash,
        access=Access.READ,
        answer="message",
    )
    fake = FakeApi(extra=[broken])
    reply = fake.get("/crash")
    assert (reply.status, reply.json) == (500, {"message": "Internal Server Error"})
    fake.close()


@pytest.mark.parametrize("body", [b"\xff\xfe=\xff", b"state=true&x=%ff%fe", b"&&==&%"])
def test_forms_that_are_no_text(api: FakeApi, body: bytes) -> None:
    assert api.call("POST", "/status", form=body).status in (400, 200)


def test_a_form_that_is_too_large(api: FakeApi) -> None:
    reply = api.call("POST", "/status", form=b"state=" + b"x" * (2 << 20))
    assert reply.status == 413
    assert isinstance(reply.message, str)


def test_multipart_that_is_broken(api: FakeApi) -> None:
    reply = api.call("POST", "/status", headers={}, form=b"--x\r\n")
    assert reply.status == 400


# Nodes.


def test_nodes(api: FakeApi) -> None:
    reply = api.get("/node", token=READER)
    assert names(reply) == ["hv1", "hv2", "hv3"]
    first = reply.json[0]
    assert first["daemon_state"] == "run"
    assert first["running_domains"] == ["vm0000", "vm0003"]
    assert first["interfaces"]["ens0"]["total_bps"] == 3000
    assert first["workers"]["keepalive"]["age"] == 0.2
    assert reply.headers["x-pvc-data-age"] == "0.000"


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"limit": "hv[12]"}, ["hv1", "hv2"]),
        ({"limit": "^hv3$"}, ["hv3"]),
        ({"coordinator_state": "primary"}, ["hv1"]),
        ({"coordinator_state": "primary", "domain_state": "flushed"}, ["hv1"]),
        ({"coordinator_state": "primary", "domain_state": "ready"}, ["hv1", "hv2", "hv3"]),
        ({"daemon_state": "run", "limit": "2"}, ["hv2"]),
    ],
)
def test_filters(api: FakeApi, query: dict[str, str], found: list[str]) -> None:
    assert names(api.get("/node", **query)) == found


@pytest.mark.parametrize(
    "query", [{"limit": "xyz"}, {"daemon_state": "dead"}, {"domain_state": "x"}]
)
def test_no_match_is_404(api: FakeApi, query: dict[str, str]) -> None:
    reply = api.get("/node", **query)
    assert reply.status == 404
    assert isinstance(reply.message, str)


def test_a_bad_limit_is_400_under_its_name(api: FakeApi) -> None:
    reply = api.get("/node", limit="(")
    assert reply.status == 400
    assert "regular expression" in reply.message["limit"]


def test_one_node_is_a_list_of_one(api: FakeApi) -> None:
    assert names(api.get("/node/hv2")) == ["hv2"]


@pytest.mark.parametrize(
    "path",
    ["/node/hv", "/node/hv22", "/node/..", "/node/.", "/node/hv9/daemon-state", "/node/\x01",
     "/node/HV1", "/node/hv9/coordinator-state", "/node/hv9/domain-state"],
)  # fmt: skip
def test_unknown_nodes_are_404(api: FakeApi, path: str) -> None:
    assert api.get(path).status == 404


@pytest.mark.parametrize(
    ("what", "value"), [("daemon", "run"), ("coordinator", "secondary"), ("domain", "ready")]
)
def test_single_states(api: FakeApi, what: str, value: str) -> None:
    reply = api.get(f"/node/hv2/{what}-state")
    assert reply.json == {"name": "hv2", f"{what}_state": value}


def test_broken_values_in_every_key_of_a_node(api: FakeApi) -> None:
    for row in KEYS.rows():
        if row.path.startswith("/nodes/{node}") and row.path.count("{") == 1:
            path = KEYS.path(row.name, node="hv2")
            if api.ensemble.value(path) is not None and row.name != "node.log":
                api.put(row.name, b"\xff\xfe{[", node="hv2")
    reply = api.get("/node/hv2")
    assert reply.status == 200
    assert reply.json[0]["coordinator_state"] == "client"
    assert api.get("/status").status == 200


def test_a_judged_node_is_dead_until_its_beat_moves(api: FakeApi) -> None:
    api.put("node.judgement", b'{"state":"fenced","beat":"run-1 17","record":"r"}', node="hv3")
    assert api.get("/node/hv3/daemon-state").json["daemon_state"] == "fenced"
    assert api.get("/node/hv3").json[0]["health"] == "N/A"
    api.put("node.beat", b"run-1 18", node="hv3")
    assert api.get("/node/hv3/daemon-state").json["daemon_state"] == "run"


# Logs.


def write_log(api: FakeApi, *chunks: tuple[int, str]) -> None:
    for first, text in chunks:
        api.put("node.log.chunk", text.encode(), node="hv1", chunk=chunk_name(first))


def test_an_empty_log(api: FakeApi) -> None:
    assert api.get("/node/hv1/log").json == {
        "name": "hv1", "data": "", "first": 0, "next": 0, "oldest": 0,
    }  # fmt: skip


def test_last_lines(api: FakeApi) -> None:
    write_log(api, (100, "\n".join(f"a{i}" for i in range(8))), (108, "b0\nb1\nb2\nb3"))
    log = api.get("/node/hv1/log").json
    assert log["data"].split("\n") == [*(f"a{i}" for i in range(2, 8)), "b0", "b1", "b2", "b3"]
    assert (log["first"], log["next"], log["oldest"]) == (102, 112, 100)
    assert api.get("/node/hv1/log", lines=1).json["data"] == "b3"
    assert api.get("/node/hv1/log", lines=0).json["data"] == ""
    assert len(api.get("/node/hv1/log", lines=1000).json["data"].split("\n")) == 12


def test_following_a_log(api: FakeApi) -> None:
    write_log(api, (0, "a\nb"))
    following = api.get("/node/hv1/log", lines=1).json["next"]
    assert following == 2
    assert api.get("/node/hv1/log", since=following).json == {
        "name": "hv1", "data": "", "first": 2, "next": 2, "oldest": 0,
    }  # fmt: skip
    write_log(api, (0, "a\nb\nc"), (3, "d\ne"))
    assert api.get("/node/hv1/log", since=following).json["data"] == "c\nd\ne"
    part = api.get("/node/hv1/log", since=following, lines=2).json
    assert (part["data"], part["next"]) == ("c\nd", 4)


def test_following_a_log_that_began_anew(api: FakeApi) -> None:
    write_log(api, (0, "a\nb"))
    log = api.get("/node/hv1/log", since=500).json
    assert (log["data"], log["next"]) == ("", 2)


def test_following_a_log_whose_old_lines_are_gone(api: FakeApi) -> None:
    write_log(api, (50, "x\ny"))
    log = api.get("/node/hv1/log", since=10).json
    assert (log["first"], log["next"], log["data"]) == (50, 52, "x\ny")


@pytest.mark.parametrize("query", [{"lines": "x"}, {"lines": "-1"}, {"since": "-1"}, {"since": ""}])
def test_bad_log_parameters(api: FakeApi, query: dict[str, str]) -> None:
    reply = api.get("/node/hv1/log", **query)
    assert reply.status == 400
    assert set(reply.message) == set(query)


@pytest.mark.parametrize("node", ["hv9", "..", "."])
def test_the_log_of_an_unknown_node_is_400(api: FakeApi, node: str) -> None:
    assert api.get(f"/node/{node}/log").status == 400


# The cluster.


def test_status(api: FakeApi) -> None:
    status = api.get("/status").json
    assert status["cluster_name"] == "demo"
    assert status["cluster_health"] == {"health": 100, "messages": []}
    assert status["nodes"] == {"total": 3, "run,ready": 3}
    assert status["vms"] == {"total": 6, "start": 6}
    assert status["osds"] == {"total": 0}
    assert status["resources"]["memory"]["total"] == 384000
    assert status["resources"]["memory"]["utilization"] == 50.0
    assert status["resources"]["cpu"]["load"] == 4.5
    assert (status["primary_node"], status["maintenance"]) == ("hv1", "false")
    assert len(status["detail"]["vm"]) == 6


def test_status_of_an_empty_cluster() -> None:
    fake = FakeApi(synthetic_tree(0, 0))
    status = fake.get("/status").json
    assert status["nodes"] == {"total": 0}
    assert status["resources"]["memory"]["utilization"] == 0.0
    assert status["primary_node"] == "none"
    assert fake.get("/node").status == 404
    fake.close()


def test_storage_in_the_status(api: FakeApi) -> None:
    for osd, stats in (("0", b'{"up":1,"in":1,"kb":100,"kb_used":25,"kb_avail":75}'), ("1", b"|")):
        api.put("osd", b"", osd=osd)
        api.put("osd.stats", stats, osd=osd)
    status = api.get("/status").json
    assert status["osds"] == {"total": 2, "up,in": 1, "down,out": 1}
    assert status["detail"]["osd"][0] == {"id": "0", "up": "up", "in": "in"}
    assert status["resources"]["disk"] == {
        "total": 100, "used": 25, "free": 75, "utilization": 25.0,
    }  # fmt: skip


def test_faults_lower_the_health_until_acknowledged(api: FakeApi) -> None:
    report(api, "NODE_HV2_WORKER_CONSOLE_PARKED", delta=25, message="parked")
    report(api, "NODE_HV20_X", delta=90)
    status = api.get("/status").json
    assert status["cluster_health"]["health"] == 0
    assert status["node_health"]["hv2"] == {"health": 75, "messages": ["parked"]}
    assert status["node_health"]["hv1"]["health"] == 100
    assert api.call("PUT", "/faults/NODE_HV20_X").status == 200
    status = api.get("/status").json
    assert status["cluster_health"]["health"] == 75
    assert [m["id"] for m in status["cluster_health"]["messages"]] == [
        "NODE_HV2_WORKER_CONSOLE_PARKED"
    ]


@pytest.mark.parametrize("how", ["query", "form"])
def test_maintenance(api: FakeApi, how: str) -> None:
    for state, shown in (("True", "true"), ("false", "false")):
        given: dict[str, Any] = {how: [("state", state), ("reason", "new disks")]}
        assert api.call("POST", "/status", **given).status == 200
        status = api.get("/status").json
        assert status["maintenance"] == shown
        assert status["maintenance_detail"]["by"] == "boss"
        assert status["maintenance_detail"]["reason"] == ("new disks" if shown == "true" else "")


@pytest.mark.parametrize("query", [[], [("state", "maybe")], [("state", "")]])
def test_maintenance_needs_a_state(api: FakeApi, query: list[tuple[str, object]]) -> None:
    reply = api.call("POST", "/status", query=query)
    assert reply.status == 400
    assert list(reply.message) == ["state"]


def test_primary_node(api: FakeApi) -> None:
    assert api.get("/status/primary_node", token=None).json == {"primary_node": "hv1"}
    for nobody in (b"none", b"", b"None"):
        api.put("cluster.primary_node", nobody)
        reply = api.get("/status/primary_node", token=None)
        assert (reply.status, reply.body) == (204, b"")


# Faults.


def test_no_faults_are_an_empty_list(api: FakeApi) -> None:
    assert api.get("/faults").json == []
    assert api.get("/faults/NONE").json == []


def test_faults_are_listed_sorted_acknowledged_deleted(api: FakeApi) -> None:
    report(api, "B", delta=5, message="two")
    report(api, "A", delta=9, message="three")
    assert [f["id"] for f in api.get("/faults", sort_key="health_delta").json] == ["B", "A"]
    assert [f["id"] for f in api.get("/faults", sort_key="message").json] == ["A", "B"]
    assert api.get("/faults/A").json[0]["status"] == "new"
    assert api.call("PUT", "/faults/A").status == 200
    fault = api.get("/faults/A").json[0]
    assert fault["status"] == "ack"
    assert fault["acknowledged_at"]
    assert api.call("PUT", "/faults/A").status == 200
    assert api.get("/faults/A").json == [fault]
    assert api.call("DELETE", "/faults/A").status == 200
    assert [f["id"] for f in api.get("/faults").json] == ["B"]


def test_newest_faults_first(api: FakeApi) -> None:
    for name, at in (("OLD", "2020-01-01 00:00:00"), ("NEW", "2029-01-01 00:00:00")):
        api.put("fault", f'{{"first_reported":"{at}"}}'.encode(), fault=name)
    assert [f["id"] for f in api.get("/faults", sort_key="first_reported").json] == ["NEW", "OLD"]
    assert [f["id"] for f in api.get("/faults").json] == ["NEW", "OLD"]


def test_all_faults_at_once(api: FakeApi) -> None:
    for name in ("A", "B", "C"):
        report(api, name)
    assert api.call("PUT", "/faults").status == 200
    assert {f["status"] for f in api.get("/faults").json} == {"ack"}
    assert api.call("DELETE", "/faults").status == 200
    assert api.get("/faults").json == []
    assert api.call("DELETE", "/faults").status == 200


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
@pytest.mark.parametrize("fault", ["NONE", "..", ".", "\x01", "ü"])
def test_unknown_faults(api: FakeApi, method: str, fault: str) -> None:
    reply = api.call(method, f"/faults/{fault}")
    assert reply.status == 404
    assert isinstance(reply.message, str)


def test_a_bad_sort_key(api: FakeApi) -> None:
    reply = api.get("/faults", sort_key="color")
    assert reply.status == 400
    assert "first_reported" in reply.message["sort_key"]


# Tasks.


def test_tasks(api: FakeApi) -> None:
    assert api.get("/tasks").json == {"active": {}, "reserved": {}, "scheduled": {}}
    ordered = TaskOrder(name="vm.create_snapshot", run_on="hv1 (primary)", arguments={"vm": "a"})
    for task in ("11111111", "22222222", "33333333"):
        api.change(*task_record.order(KEYS, task, ordered))
    running = TaskProgress(state=TaskState.RUNNING, current=1, total=3, status="copying")
    over = TaskProgress(state=TaskState.SUCCESS, current=3, total=3, status="done", result=[1])
    api.change(*task_record.progress(KEYS, "22222222", running, is_first=True))
    api.change(*task_record.progress(KEYS, "33333333", over, is_first=True))
    api.settle()
    queues = api.get("/tasks").json
    assert [t["id"] for t in queues["active"]["hv1"]] == ["22222222"]
    assert queues["reserved"]["hv1"][0]["kwargs"] == {"vm": "a", "run_on": "hv1 (primary)"}
    assert api.get("/tasks/22222222").json == {
        "state": "RUNNING", "current": 1, "total": 3, "status": "copying",
    }  # fmt: skip
    assert api.get("/tasks/33333333").json["result"] == [1]


@pytest.mark.parametrize("task", ["00000000", "..", "x y", "\x01"])
def test_an_unknown_task_is_pending(api: FakeApi, task: str) -> None:
    reply = api.get(f"/tasks/{task}")
    assert reply.status == 200
    assert reply.json == {"state": "PENDING", "current": 0, "total": 0, "status": ""}

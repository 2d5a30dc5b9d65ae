"""Each command against a real HTTP server: what it asks, what it prints, how it ends."""

import json
from typing import Any

import pytest
import yaml

from cli import timing
from tests.fakes.api_bodies import fault, node, status, task_queues
from tests.fakes.api_server import ApiServer, Reply
from tests.unit.cli.conftest import Pvc

NODES = [
    node("hv1"),
    node("hv2", daemon_state="dead", health="N/A", load=None, workers={}),
    {"name": "hv3"},
]


def test_node_list(pvc: Pvc, api: ApiServer) -> None:
    api.replies["GET /node"] = Reply(NODES)
    ran = pvc("node", "list")
    assert ran.code == 0
    assert ran.err == ""
    assert ran.out == (
        "NODE  DAEMON  COORD      DOMAIN  HEALTH  VMS  VCPUS  LOAD  MEM USED/ALLOC/TOTAL\n"
        "hv1   run     primary    ready     100%    2   6/32  0.53       9.8G/8.0G/64.0G\n"
        "hv2   dead    secondary  ready      N/A    2   6/32     -       9.8G/8.0G/64.0G\n"
        "hv3   -       -          -          N/A    -    -/-     -                 -/-/-\n"
    )
    assert max(len(line) for line in ran.out.splitlines()) <= 80


def test_node_list_passes_its_filters_on(pvc: Pvc, api: ApiServer) -> None:
    api.replies["GET /node"] = Reply(NODES)
    pvc("node", "list", "hv", "-ds", "run", "-cs", "primary", "-vs", "ready")
    assert api.requests[0].parameters == {
        "limit": "hv",
        "daemon_state": "run",
        "coordinator_state": "primary",
        "domain_state": "ready",
    }


def test_node_list_formats(pvc: Pvc, api: ApiServer) -> None:
    api.replies["GET /node"] = Reply(NODES)
    assert pvc("node", "list", "-f", "raw").out == "hv1\nhv2\nhv3\n"
    assert json.loads(pvc("node", "list", "-f", "json").out) == NODES
    assert pvc("node", "list", "-f", "json").out.count("\n") == 1
    assert json.loads(pvc("node", "list", "-f", "json-pretty").out) == NODES
    assert yaml.safe_load(pvc("node", "list", "-f", "yaml").out) == NODES
    assert pvc("node", "list", "-f", "xml").code == 2


def test_no_node_matches(pvc: Pvc, api: ApiServer) -> None:
    api.replies["GET /node"] = Reply({"message": "No nodes found."}, 404)
    ran = pvc("node", "list", "x")
    assert (ran.code, ran.out, ran.err) == (1, "", "Error: No nodes found.\n")


def test_node_info_shows_workers_and_marks_stale_facts(pvc: Pvc, api: ApiServer) -> None:
    api.replies["GET /node/hv1"] = Reply([node("hv1")])
    ran = pvc("node", "info", "hv1")
    assert ran.out.endswith(
        "WORKER     STATE      FACTS AGE  RESTARTS  NOTE\n"
        "keepalive  running        0.2 s         0\n"
        "console    parked    75 s STALE         6  exit code 70\n"
        "vm         starting           -         0\n"
    )
    assert "Last beat:         0.4 s ago\n" in ran.out
    assert "VM statistics:     0.6 s old\n" in ran.out
    assert "INTERFACE" not in ran.out
    long = pvc("node", "info", "hv1", "-f", "long").out
    assert "ens4       up     10.0G      1.2M       900      1000         2" in long
    assert "web1" in long
    assert json.loads(pvc("node", "info", "hv1", "-f", "json").out)["name"] == "hv1"


def test_a_node_whose_vms_nobody_sees_shows_old_sums_as_old(pvc: Pvc, api: ApiServer) -> None:
    old, unknown = node("hv1", vm_facts_age=75.0), node("hv2", vm_facts_age=None)
    api.replies["GET /node/hv1"] = Reply([old])
    api.replies["GET /node"] = Reply([old, unknown])
    assert "VM statistics:     75 s old STALE\n" in pvc("node", "info", "hv1").out
    first, second = pvc("node", "list").out.splitlines()[1:3]
    assert " 2 old " in first
    assert " old " not in second


def test_node_info_shows_a_flush_under_way(pvc: Pvc, api: ApiServer) -> None:
    record = {"total": 3, "done": 1, "moving": ["web1"], "stuck": {"db1": "no node has room"}}
    api.replies["GET /node/hv1"] = Reply(node("hv1", domain_state="flush", flush=record))
    out = pvc("node", "info", "hv1").out
    assert "\n1 of 3 VMs moved, under way: web1\n  db1 cannot move: no node has room\n" in out
    for changed in ({"flush": None}, {"flush": record, "domain_state": "flushed"}):
        api.replies["GET /node/hv1"] = Reply(node("hv1", **changed))
        assert "VMs moved" not in pvc("node", "info", "hv1").out


def test_node_info_takes_a_bare_object_and_knows_the_absent(pvc: Pvc, api: ApiServer) -> None:
    api.replies["GET /node/hv1"] = Reply(node("hv1"))
    assert pvc("node", "info", "hv1").code == 0
    api.replies["GET /node/hv1"] = Reply([])
    ran = pvc("node", "info", "hv1")
    assert (ran.code, ran.err) == (1, "Error: there is no node 'hv1'\n")


@pytest.mark.parametrize(("state", "code"), [("primary", 0), ("secondary", 1), ("takeover", 1)])
def test_is_primary_answers_by_its_exit_code(
    pvc: Pvc, api: ApiServer, state: str, code: int
) -> None:
    body = {"name": "hv1", "coordinator_state": state}
    api.replies["GET /node/hv1/coordinator-state"] = Reply(body)
    ran = pvc("node", "is-primary", "hv1")
    assert (ran.code, ran.out) == (code, "")


def test_node_log(pvc: Pvc, api: ApiServer) -> None:
    body = {"name": "hv1", "data": "one\ntwo\x1b[2J", "first": 4, "next": 6}
    api.replies["GET /node/hv1/log"] = Reply(body)
    ran = pvc("node", "log", "hv1")
    assert ran.out == "one\ntwo [2J\n"
    assert api.requests[0].parameters == {"lines": "1000"}


def test_cluster_status(pvc: Pvc, api: ApiServer) -> None:
    api.replies["GET /status"] = Reply(status())
    assert pvc("cluster", "status").out == (
        "Cluster:      pvc1\n"
        "Health:       75%\n"
        "Maintenance:  off\n"
        "Primary node: hv1\n"
        "PVC version:  0.1.0\n"
        "Upstream IP:  10.0.0.250\n"
        "\n"
        "Faults:\n"
        "  NODE_HV1_WORKER_CONSOLE_PARKED (-25%): worker console of hv1 is parked\n"
        "\n"
        "Nodes:     3 (2 run,ready; 1 dead,flushed)\n"
        "VMs:       0\n"
        "OSDs:      0\n"
        "Networks:  0\n"
        "Pools:     0\n"
        "Volumes:   0\n"
        "Snapshots: 0\n"
        "\n"
        "Memory:     23.7%: 192.0G total, 45.5G used, 146.5G free, 8.0G allocated, "
        "8.0G provisioned\n"
        "Processors: 1.6%: 96 total, load 1.50, 6 allocated\n"
        "Storage:    0.0%: 0M total, 0M used, 0M free\n"
    )
    short = pvc("cluster", "status", "-f", "short").out
    assert "Maintenance:  off" in short
    assert "Volumes" not in short


@pytest.mark.parametrize("body", [{}, {"cluster_health": None}, {"nodes": 3, "resources": {}}])
def test_a_status_with_gaps_is_shown(pvc: Pvc, api: ApiServer, body: dict[str, Any]) -> None:
    api.replies["GET /status"] = Reply(body)
    assert pvc("cluster", "status").code == 0


def test_maintenance(pvc: Pvc, api: ApiServer) -> None:
    api.replies["POST /status"] = Reply({"message": "Maintenance is on."})
    assert pvc("cluster", "maintenance", "on").out == "Maintenance is on.\n"
    pvc("cluster", "maintenance", "off")
    assert [request.parameters["state"] for request in api.requests] == ["true", "false"]


def test_faults_are_listed(pvc: Pvc, api: ApiServer) -> None:
    api.replies["GET /faults"] = Reply([fault(), fault("OTHER", status="ack", health_delta=0)])
    assert pvc("cluster", "fault", "list").out == (
        "LAST REPORTED        STATUS  DELTA  FAULT                           MESSAGE\n"
        "2026-01-02 03:14:05  new      -25%  NODE_HV1_WORKER_CONSOLE_PARKED  worker console of hv1 "
        "is parked\n"
        "2026-01-02 03:14:05  ack         0  OTHER                           worker console of hv1 "
        "is parked\n"
    )
    assert api.requests[0].parameters == {"sort_key": "last_reported"}
    assert "Acknowledged:   -" in pvc("cluster", "fault", "list", "-f", "long").out
    api.replies["GET /faults"] = Reply([])
    assert pvc("cluster", "fault", "list").out == "There are no faults.\n"
    assert pvc("cluster", "fault", "list", "-f", "json").out == "[]\n"


def test_one_fault_by_its_exact_id(pvc: Pvc, api: ApiServer) -> None:
    api.replies["GET /faults/A"] = Reply([fault("A")])
    api.replies["GET /faults/B"] = Reply([])
    assert pvc("cluster", "fault", "list", "A").code == 0
    ran = pvc("cluster", "fault", "list", "B")
    assert (ran.code, ran.err) == (1, "Error: there is no fault 'B'\n")


def test_one_refused_fault_does_not_keep_the_others(pvc: Pvc, api: ApiServer) -> None:
    for verb in ("PUT", "DELETE"):
        api.replies[f"{verb} /faults/A"] = Reply({"message": "A is done."})
        api.replies[f"{verb} /faults/C"] = Reply({"message": "C is done."})
    for word in ("ack", "delete"):
        ran = pvc("cluster", "fault", word, "A", "B", "C")
        assert ran.code == 1
        assert ran.out == "A is done.\nC is done.\n"
        assert "B: Error: there is no /faults/B" in ran.err
        assert "1 of 3 faults were refused" in ran.err


@pytest.mark.parametrize(("word", "verb"), [("ack-all", "PUT"), ("delete-all", "DELETE")])
def test_all_faults_are_asked_about_first(
    pvc: Pvc, api: ApiServer, monkeypatch: pytest.MonkeyPatch, word: str, verb: str
) -> None:
    api.replies[f"{verb} /faults"] = Reply({"message": "Done."})
    monkeypatch.setattr("click.termui.visible_prompt_func", lambda _: "n")
    ran = pvc("cluster", "fault", word)
    assert (ran.code, ran.out) == (0, "Aborted.\n")
    assert api.requests == []
    assert pvc("cluster", "fault", word, "-y").code == 0
    assert pvc("-u", "cluster", "fault", word).code == 0
    assert [request.verb for request in api.requests] == [verb, verb]


def test_tasks_are_listed(pvc: Pvc, api: ApiServer) -> None:
    api.replies["GET /tasks"] = Reply(task_queues())
    assert pvc("cluster", "task").out == (
        "STATE    NODE  TASK      NAME        ARGUMENTS\n"
        "RUNNING  hv1   a1b2c3d4  osd.add     device=sdb\n"
        "PENDING  hv2   11223344  osd.remove  {'osd': 1}\n"
    )
    assert pvc("cluster", "task", "-f", "raw").out == "a1b2c3d4\n11223344\n"
    api.replies["GET /tasks"] = Reply({"active": None, "reserved": None, "scheduled": None})
    assert pvc("cluster", "task").out == "There are no tasks.\n"


def test_a_task_is_followed_to_its_end(
    pvc: Pvc, api: ApiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timing, "POLL_SECONDS", 0.01)
    pending = {"state": "PENDING", "current": 0, "total": 0, "status": "waiting"}
    states = iter(
        [
            pending,
            pending,
            {"state": "RUNNING", "current": 1, "total": 4, "status": "working"},
            {"state": "SUCCESS", "current": 4, "total": 4, "status": ["all done"]},
        ]
    )
    api.replies["GET /tasks"] = Reply({"reserved": {"hv1": [{"id": "a1"}]}})
    api.replies["GET /tasks/a1"] = lambda _: Reply(next(states))
    ran = pvc("cluster", "task", "a1")
    assert ran.code == 0
    assert ran.err == "waiting\n[######..................] 1/4 working\n"
    assert "State:    SUCCESS" in ran.out
    assert "Status:   all done" in ran.out


def test_a_task_nobody_knows_is_not_waited_for(pvc: Pvc, api: ApiServer) -> None:
    api.replies["GET /tasks"] = Reply(task_queues())
    api.replies["GET /tasks/a1"] = Reply({"state": "PENDING", "current": 0, "total": 0})
    ran = pvc("cluster", "task", "a1")
    assert (ran.code, ran.err) == (1, "Error: there is no task 'a1'\n")


def test_a_failed_task_is_a_failure(pvc: Pvc, api: ApiServer) -> None:
    body = {"state": "FAILURE", "current": 1, "total": 4, "status": "no disk"}
    api.replies["GET /tasks/a1"] = Reply(body)
    ran = pvc("cluster", "task", "a1", "--no-wait")
    assert ran.code == 1
    assert ran.err == "Error: task a1 failed: no disk\n"


def test_old_data_is_warned_about_once(pvc: Pvc, api: ApiServer) -> None:
    api.replies["GET /node"] = Reply(NODES, headers={"X-PVC-Data-Age": "12.3"})
    ran = pvc("node", "list")
    assert ran.code == 0
    assert ran.err.startswith("Warning: this was true 12 s ago")
    api.replies["GET /node"] = Reply(NODES, headers={"X-PVC-Data-Age": "0.9"})
    assert pvc("node", "list").err == ""

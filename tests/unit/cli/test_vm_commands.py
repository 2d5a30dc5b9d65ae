"""Each command for VMs against a real HTTP server: what it asks, what it prints, how it ends."""

import json
from typing import Any

import pytest
import yaml

from cli import timing
from tests.fakes.api_server import ApiServer, Reply
from tests.fakes.vm_bodies import XML, vm
from tests.unit.cli.conftest import Pvc

DONE = Reply({"message": "Done so."})
VMS = [
    vm("web1", seen={"state": "running"}),
    vm("db1", state="migrate", node="hv2", last_node="hv1", transfer={"percent": 45}),
    vm("off", state="stop", tags=[], networks=[], memory=512),
    vm("held", seen={"state": "paused"}),
    {"name": "bare"},
]


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timing, "POLL_SECONDS", 0.0)


def test_vm_list(pvc: Pvc, api: ApiServer) -> None:
    api.replies["GET /vm"] = Reply(VMS)
    ran = pvc("vm", "list")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == (
        "NAME  STATE           NODE  HOME   MEM  VCPUS  NETWORKS  TAGS\n"
        "web1  start           hv1   -     2.0G      2  100       web\n"
        "db1   migrate 45%     hv2   hv1   2.0G      2  100       web\n"
        "off   stop            hv1   -     512M      2  -         -\n"
        "held  start (paused)  hv1   -     2.0G      2  100       web\n"
        "bare  -               -     -        -      -  -         -\n"
    )
    fields = "name,state,node,last_node,memory,vcpu,networks,tags,seen,transfer"
    assert api.requests[0].parameters == {"fields": fields}


def test_vm_list_colours_states(pvc: Pvc, api: ApiServer) -> None:
    api.replies["GET /vm"] = Reply([*VMS, vm("bad", state="fail")])
    lines = pvc("--colour", "vm", "list").out.splitlines()
    colours = {line.split()[0]: line.split("\x1b[")[1][:2] for line in lines[1:] if "\x1b[" in line}
    assert colours == {"web1": "32", "db1": "33", "off": "34", "held": "33", "bad": "31"}


def test_vm_list_passes_its_filters_on(pvc: Pvc, api: ApiServer) -> None:
    api.replies["GET /vm"] = Reply(VMS)
    words = ["^web", "-t", "hv1", "-s", "start", "-g", "prod", "-n"]
    assert pvc("vm", "list", *words, "-f", "raw").out == "web1\ndb1\noff\nheld\nbare\n"
    assert api.requests[0].parameters == {
        "limit": "^web",
        "node": "hv1",
        "state": "start",
        "tag": "prod",
        "negate": "true",
        "fields": "name",
    }


def test_vm_list_formats(pvc: Pvc, api: ApiServer) -> None:
    api.replies["GET /vm"] = Reply(VMS)
    for form in ("json", "json-pretty"):
        assert json.loads(pvc("vm", "list", "-f", form).out) == VMS
    assert yaml.safe_load(pvc("vm", "list", "-f", "yaml").out) == VMS
    assert all("fields" not in request.parameters for request in api.requests)
    api.replies["GET /vm"] = Reply({"message": "No VMs found."}, 404)
    ran = pvc("vm", "list")
    assert (ran.code, ran.out, ran.err) == (1, "", "Error: No VMs found.\n")


def test_vm_info(pvc: Pvc, api: ApiServer) -> None:
    away = vm(node="hv2", last_node="hv1", failed_reason="no memory", node_limit=["hv1", "hv2"])
    api.replies["GET /vm/web1"] = Reply([away])
    ran = pvc("vm", "info", "web1")
    assert (ran.code, ran.err) == (0, "")
    for line in (
        "Node:        hv2, home is hv1",
        "Reason:      no memory",
        "Node limit:    hv1, hv2",
        "vCPUs:   2 (1/2/1 sockets/cores/threads)",
        "VNC:     10.0.0.1:5900",
        "100      52:54:00:00:00:01  bridge  virtio  vmbr100",
        "sda   rbd   scsi  vms/web1_root",
    ):
        assert line in ran.out.splitlines()
    assert "CONTROLLER" not in ran.out
    long = pvc("vm", "info", "web1", "-f", "long").out
    assert "CONTROLLER  MODEL\nscsi        virtio-scsi\n" in long
    assert "Processor time: 12.5 s" in long
    assert "Memory on the node: 512M" in long
    assert json.loads(pvc("vm", "info", "web1", "-f", "json").out) == away


@pytest.mark.parametrize("form", ["pretty", "long"])
@pytest.mark.parametrize(
    "body",
    [{}, {"name": "x", "networks": None, "tags": "x", "vnc": None, "disks": [3]}, {"seen": []}],
)
def test_a_vm_with_gaps_is_shown(pvc: Pvc, api: ApiServer, body: dict[str, Any], form: str) -> None:
    api.replies["GET /vm/x"] = Reply([body])
    api.replies["GET /vm"] = Reply([body])
    assert pvc("vm", "info", "x", "-f", form).code == 0
    assert pvc("vm", "list").code == 0


def test_vm_dump(pvc: Pvc, api: ApiServer, tmp_path: Any) -> None:
    api.replies["GET /vm/web1"] = Reply([vm()])
    assert pvc("vm", "dump", "web1").out == XML
    file = tmp_path / "web1.xml"
    assert pvc("vm", "dump", "web1", "-f", str(file)).out == ""
    assert file.read_text() == XML
    api.replies["GET /vm/web1"] = Reply([])
    ran = pvc("vm", "dump", "web1")
    assert (ran.code, ran.err) == (1, "Error: there is no VM 'web1'\n")


@pytest.mark.parametrize(
    ("words", "parameters"),
    [
        (["start", "web1"], {"state": "start"}),
        (["start", "web1", "--force"], {"state": "start", "force": "true"}),
        (["restart", "web1", "-y"], {"state": "restart"}),
        (["shutdown", "web1", "-y"], {"state": "shutdown"}),
        (["stop", "web1", "-y"], {"state": "stop"}),
        (["stop", "web1", "-y", "--force"], {"state": "stop", "force": "true"}),
        (["disable", "web1", "-y", "--force"], {"state": "disable", "force": "true"}),
    ],
)
def test_orders_of_a_state(
    pvc: Pvc, api: ApiServer, words: list[str], parameters: dict[str, str]
) -> None:
    api.replies["POST /vm/web1/state"] = DONE
    ran = pvc("vm", *words)
    assert (ran.code, ran.out, ran.err) == (0, "Done so.\n", "")
    assert api.requests[0].parameters == parameters


@pytest.mark.parametrize(
    ("words", "parameters"),
    [
        (["migrate", "web1"], {"action": "migrate"}),
        (
            ["migrate", "web1", "-t", "hv2", "-f", "--force-live"],
            {"action": "migrate", "node": "hv2", "force": "true", "force_live": "true"},
        ),
        (["move", "web1", "-t", "hv2"], {"action": "move", "node": "hv2"}),
        (["unmigrate", "web1", "--force-live"], {"action": "unmigrate", "force_live": "true"}),
    ],
)
def test_moves(pvc: Pvc, api: ApiServer, words: list[str], parameters: dict[str, str]) -> None:
    api.replies["POST /vm/web1/node"] = DONE
    ran = pvc("vm", *words)
    assert (ran.code, ran.out, ran.err) == (0, "Done so.\n", "")
    assert api.requests[0].parameters == parameters


@pytest.mark.parametrize(
    "words",
    [
        ["restart", "web1"],
        ["shutdown", "web1"],
        ["stop", "web1"],
        ["disable", "web1"],
        ["undefine", "web1"],
        ["remove", "web1"],
        ["rename", "web1", "web2"],
    ],
)
def test_a_question_that_is_declined_changes_nothing(
    pvc: Pvc, api: ApiServer, monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    api.replies["GET /vm/web1"] = Reply([vm()])
    monkeypatch.setattr("click.confirm", lambda *_, **__: False)
    ran = pvc("vm", *words)
    assert (ran.code, ran.out) == (0, "Aborted.\n")
    assert all(request.verb == "GET" for request in api.requests)


def test_unsafe_asks_nothing(pvc: Pvc, api: ApiServer) -> None:
    api.replies["POST /vm/web1/state"] = DONE
    assert pvc("--unsafe", "vm", "stop", "web1").out == "Done so.\n"


def in_turn(*bodies: dict[str, Any]) -> Any:
    left = list(bodies)
    return lambda _request: Reply([left.pop(0) if len(left) > 1 else left[0]])


def test_waiting_for_a_move(pvc: Pvc, api: ApiServer) -> None:
    sending = {"to": "hv2", "phase": "sending", "percent": 50}
    api.replies["POST /vm/web1/node"] = DONE
    api.replies["GET /vm/web1"] = in_turn(
        vm(),
        vm(state="migrate"),
        vm(state="migrate", transfer=sending),
        vm(node="hv2", last_node="hv1", seen={"state": "running"}),
    )
    ran = pvc("vm", "migrate", "web1", "-w")
    assert (ran.code, ran.out) == (0, "VM 'web1' runs on hv2.\n")
    assert ran.err.splitlines() == [
        "VM 'web1' is about to leave hv1",
        "[############............] 50/100 VM 'web1' to hv2, sending",
    ]
    assert "wait" not in str([request.parameters for request in api.requests])
    assert {r.parameters.get("fields") for r in api.requests if r.verb == "GET"} == {
        "name,state,node,last_node,failed_reason,reason,seen,transfer"
    }


def test_waiting_for_a_move_that_is_given_up(pvc: Pvc, api: ApiServer) -> None:
    api.replies["POST /vm/web1/node"] = DONE
    stays = vm(seen={"state": "running"}, reason="hv2 does not answer")
    api.replies["GET /vm/web1"] = in_turn(vm(), vm(state="migrate-live"), stays)
    ran = pvc("vm", "move", "web1", "-t", "hv2", "-w")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.endswith("Error: VM 'web1' stays on hv1: hv2 does not answer\n")


def test_waiting_for_a_state(pvc: Pvc, api: ApiServer) -> None:
    api.replies["POST /vm/web1/state"] = DONE
    api.replies["GET /vm/web1"] = in_turn(vm(state="shutdown"), vm(state="stop"))
    assert pvc("vm", "shutdown", "web1", "-w", "-y").out == "VM 'web1' is off.\n"
    api.replies["GET /vm/web1"] = in_turn(vm(state="restart"), vm())
    assert pvc("vm", "restart", "web1", "-w", "-y").out == "VM 'web1' runs on hv1.\n"
    api.replies["GET /vm/web1"] = in_turn(
        vm(seen={"state": "starting"}), vm(state="fail", failed_reason="no such volume")
    )
    ran = pvc("vm", "start", "web1", "-w")
    assert (ran.code, ran.err.splitlines()[-1]) == (1, "Error: VM 'web1' failed: no such volume")


def test_node_flush_and_ready(pvc: Pvc, api: ApiServer) -> None:
    api.replies["POST /node/hv1/domain-state"] = DONE
    assert pvc("node", "flush", "hv1").out == "Done so.\n"
    assert pvc("node", "ready", "hv1").out == "Done so.\n"
    assert [r.parameters for r in api.requests] == [{"state": "flush"}, {"state": "ready"}]
    record = {"serial": 2, "total": 2, "done": 1, "moving": ["db1"], "stuck": {}}
    stuck = {**record, "moving": [], "stuck": {"db1": "no node has room"}}

    def shown(state: str, **more: Any) -> dict[str, Any]:
        return {"name": "hv1", "domain_state": state, **more}

    api.replies["GET /node/hv1"] = in_turn(
        shown("ready"), shown("ready"), shown("flush", flush=record), shown("flushed")
    )
    ran = pvc("node", "flush", "hv1", "-w")
    assert (ran.code, ran.out) == (0, "Node 'hv1' is flushed: no VM runs on it.\n")
    assert "[############............] 1/2 VMs of node 'hv1': db1\n" in ran.err
    api.replies["GET /node/hv1"] = in_turn(shown("ready"), shown("flush", flush=stuck))
    ran = pvc("node", "flush", "hv1", "-w")
    assert ran.code == 1
    assert "Error: 1 VM of node 'hv1' cannot move:\n  db1: no node has room\n" in ran.err


def test_define(pvc: Pvc, api: ApiServer, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    api.replies["POST /vm"] = DONE
    file = tmp_path / "web1.xml"
    file.write_text(XML)
    options = ["-t", "hv1", "-l", "hv1, hv2", "-s", "mem", "-a", "-m", "live", "-d", "500"]
    ran = pvc("vm", "define", str(file), *options, "-g", "a", "-g", "b", "-G", "c")
    assert (ran.code, ran.out, ran.err) == (0, "Done so.\n", "")
    (request,) = api.requests
    assert request.address == "/api/v1/vm"  # a definition is too long for an address
    assert request.repeated == {
        "xml": [XML],
        "node": ["hv1"],
        "limit": ["hv1", "hv2"],
        "selector": ["mem"],
        "autostart": ["true"],
        "migration_method": ["live"],
        "migration_max_downtime": ["500"],
        "user_tags": ["a", "b"],
        "protected_tags": ["c"],
    }
    pvc("vm", "define", str(file))
    assert api.requests[1].parameters == {
        "xml": XML,
        "selector": "none",
        "autostart": "false",
        "migration_method": "none",
        "migration_max_downtime": "300",
    }


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"  \n", "is empty"),
        (b"name: web1\n", "is no XML: a definition of a VM begins with <domain ...>"),
        (b"\x7fELF\xff\xfe", "is no text"),
        (b"<domain>" + b"x" * 2_000_000, "is longer than"),
    ],
)
def test_define_refuses_what_cannot_be_a_definition(
    pvc: Pvc, api: ApiServer, tmp_path: Any, content: bytes, words: str
) -> None:
    file = tmp_path / "web1.xml"
    file.write_bytes(content)
    ran = pvc("vm", "define", str(file))
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith(f"Error: {file} {words}")
    assert api.requests == []
    assert pvc("vm", "define", str(tmp_path / "nope.xml")).code == 2


def test_a_refused_definition_says_why(pvc: Pvc, api: ApiServer, tmp_path: Any) -> None:
    file = tmp_path / "web1.xml"
    file.write_text("<domain/>")
    api.replies["POST /vm"] = Reply({"message": "<uuid>: it is missing"}, 400)
    ran = pvc("vm", "define", str(file))
    assert (ran.code, ran.err) == (1, "Error: <uuid>: it is missing\n")


def test_undefine_remove_and_rename(
    pvc: Pvc, api: ApiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def agree(text: str, **_: object) -> bool:
        asked.append(text)
        return True

    monkeypatch.setattr("click.confirm", agree)
    api.replies["DELETE /vm/web1"] = api.replies["POST /vm/web1/rename"] = DONE
    api.replies["GET /vm/web1"] = Reply([vm()])
    assert pvc("vm", "undefine", "web1").out == "Done so.\n"
    assert pvc("vm", "remove", "web1").out == "Done so.\n"
    assert pvc("vm", "rename", "web1", "web2").out == "Done so.\n"
    given = [r.parameters for r in api.requests if r.verb != "GET"]
    assert given == [{"delete_disks": "false"}, {"delete_disks": "true"}, {"new_name": "web2"}]
    assert asked[1] == "Stop VM 'web1' and remove it with its volumes vms/web1_root?"


def test_meta_changes_only_what_is_given(pvc: Pvc, api: ApiServer) -> None:
    api.replies["POST /vm/web1/meta"] = DONE
    assert pvc("vm", "meta", "web1", "-A", "-l", "").code == 0
    assert api.requests[0].parameters == {"autostart": "false", "limit": ""}
    pvc("vm", "meta", "web1", "-s", "none", "-m", "live", "-d", "100", "-p", "p")
    assert api.requests[1].parameters == {
        "selector": "none",
        "migration_method": "live",
        "migration_max_downtime": "100",
        "profile": "p",
    }
    ran = pvc("vm", "meta", "web1")
    assert ran.code == 2
    assert "pvc vm info web1" in ran.err


def test_tags(pvc: Pvc, api: ApiServer) -> None:
    tags = {"name": "web1", "tags": [{"name": "web", "type": "user", "protected": True}]}
    api.replies["GET /vm/web1/tags"] = Reply(tags)
    api.replies["POST /vm/web1/tags"] = DONE
    assert pvc("vm", "tag", "get", "web1").out == "TAG  TYPE  PROTECTED\nweb  user  yes\n"
    assert pvc("vm", "tag", "get", "web1", "-f", "raw").out == "web\n"
    assert json.loads(pvc("vm", "tag", "get", "web1", "-f", "json").out) == tags["tags"]
    assert pvc("vm", "tag", "add", "web1", "prod").code == 0
    assert pvc("vm", "tag", "add", "web1", "prod", "-p").code == 0
    assert pvc("vm", "tag", "remove", "web1", "prod").code == 0
    assert [r.parameters for r in api.requests if r.verb == "POST"] == [
        {"action": "add", "tag": "prod", "protected": "false"},
        {"action": "add", "tag": "prod", "protected": "true"},
        {"action": "remove", "tag": "prod", "protected": "false"},
    ]


def test_flush_locks(pvc: Pvc, api: ApiServer) -> None:
    task = {"task_id": "a1b2c3d4", "task_name": "vm.flush_locks", "run_on": "hv1"}
    api.replies["POST /vm/web1/locks"] = Reply(task, 202)
    ran = pvc("vm", "flush-locks", "web1", "--no-wait")
    assert (ran.code, ran.out) == (0, "Task a1b2c3d4 on hv1.\n")

    def ended(state: str) -> Any:
        running = {"state": "RUNNING", "current": 1, "total": 2, "status": "volume 1"}
        left = [running, {"state": state, "current": 2, "total": 2, "status": "freed 1 lock"}]
        return lambda _request: Reply(left.pop(0))

    api.replies["GET /tasks/a1b2c3d4"] = ended("SUCCESS")
    ran = pvc("vm", "flush-locks", "web1")
    assert (ran.code, ran.out) == (0, "freed 1 lock\n")
    assert "1/2 volume 1" in ran.err
    api.replies["GET /tasks/a1b2c3d4"] = ended("FAILURE")
    ran = pvc("vm", "flush-locks", "web1")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.endswith("Error: task a1b2c3d4 failed: freed 1 lock\n")


def test_a_name_stays_one_word_of_the_address(pvc: Pvc, api: ApiServer) -> None:
    api.replies["POST /vm/../node/state"] = DONE
    assert pvc("vm", "start", "../node").code == 0
    assert api.requests[0].address.startswith("/api/v1/vm/..%2Fnode/state")

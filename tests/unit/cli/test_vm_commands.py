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

"""VMs defined and removed, their rules, tags and locks: what the commands ask and print."""

import json
from typing import Any

import pytest

from cli import timing
from tests.fakes.api_server import ApiServer, Reply
from tests.fakes.vm_bodies import XML, vm
from tests.unit.cli.conftest import Pvc

DONE = Reply({"message": "Done so."})


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timing, "POLL_SECONDS", 0.0)


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

"""`pvc vm` and the API understand each other: looking at VMs, orders and waiting."""

from pathlib import Path

import pytest

from cluster.model.task import TaskState
from cluster.model.vm import SeenState, WantedState
from tests.cli_worlds import UUID, ApiWorld, Pvc, Worker, meanwhile, ordered, runs, shown
from tests.fakes.api import ADMIN
from tests.fakes.vm_bodies import XML
from tests.zookeeper import wait_until


def test_nothing_is_there(pvc: Pvc) -> None:
    assert pvc("vm", "list")[0] == 1
    for words in (
        ["info", "nope"],
        ["dump", "nope"],
        ["start", "nope"],
        ["stop", "nope", "-y"],
        ["migrate", "nope"],
        ["tag", "get", "nope"],
        ["undefine", "nope", "-y"],
        ["rename", "nope", "other", "-y"],
        ["meta", "nope", "-a"],
        ["flush-locks", "nope"],
        ["vcpu", "get", "nope"],
    ):
        code, out, err = pvc("vm", *words)
        assert (code, out) == (1, ""), words
        assert "nope" in err, words


def test_a_vm_that_was_defined_is_shown(pvc: Pvc, web1: str) -> None:
    code, out, err = pvc("vm", "list")
    assert (code, err) == (0, "")
    assert out.splitlines()[1].split() == [
        *("web1", "stop", "hv1", "-", "2.0G", "2", "100", "kept,", "web")
    ]
    for words in (
        ["web"],
        [UUID],
        ["-t", "hv1"],
        ["-s", "stop"],
        ["-g", "web"],
        ["-s", "start", "-n"],
    ):
        assert pvc("vm", "list", "-f", "raw", *words) == (0, "web1\n", ""), words
    for words in (["-t", "hv2"], ["-s", "start"], ["-g", "x"], ["-s", "stop", "-n"], ["^eb"]):
        assert pvc("vm", "list", *words)[0] == 1, words
    assert pvc("vm", "list", "-s", "nonsense")[0] == 1
    for form in ("pretty", "long", "yaml"):
        assert "vms/web1_root" in ordered(pvc, "vm", "info", "web1", "-f", form)
    assert shown(pvc, UUID)["name"] == "web1"


def test_a_definition_that_is_refused_says_why(pvc: Pvc, tmp_path: Path) -> None:
    file = tmp_path / "bad.xml"
    for xml, words in (
        (XML.replace("2048", "lots"), "<memory>"),
        (XML.replace("<vcpu>2<", "<vcpu>0<"), "<vcpu>"),
        ("<!DOCTYPE x [<!ENTITY a 'b'>]>" + XML, "DOCTYPE"),
        ("<network/>", "<domain>"),
        ("<domain>", "no XML"),
    ):
        file.write_text(xml)
        code, out, err = pvc("vm", "define", str(file))
        assert (code, out) == (1, ""), xml
        assert words in err
        assert '"' not in err or "'" in err


def test_the_same_name_twice(pvc: Pvc, web1: str, tmp_path: Path) -> None:
    code, _, err = pvc("vm", "define", str(tmp_path / "web1.xml"))
    assert code == 1
    assert "web1" in err


def test_states(pvc: Pvc, web1: str, worker: Worker) -> None:
    ordered(pvc, "vm", "start", "web1")
    assert worker.wanted().state is WantedState.START
    assert pvc("vm", "list")[1].split()[9:11] == ["start", "(off)"]
    worker.see(SeenState.RUNNING)
    wait_until(lambda: shown(pvc)["seen"]["state"] == "running")
    ordered(pvc, "vm", "restart", "web1", "-y")
    assert shown(pvc)["state"] == "restart"
    worker.see(SeenState.RUNNING)
    wait_until(lambda: shown(pvc)["state"] == "start")
    ordered(pvc, "vm", "shutdown", "web1", "-y")
    assert shown(pvc)["state"] == "shutdown"
    worker.see(SeenState.OFF)
    wait_until(lambda: shown(pvc)["state"] == "stop")
    assert pvc("vm", "shutdown", "web1", "-y")[0] == 1  # it is off
    ordered(pvc, "vm", "disable", "web1", "-y", "--force")
    assert shown(pvc)["state"] == "disable"
    ordered(pvc, "vm", "stop", "web1", "-y")


def test_waiting_for_states(pvc: Pvc, web1: str, worker: Worker) -> None:
    with meanwhile(lambda: worker.see(SeenState.RUNNING)):
        assert pvc("vm", "start", "web1", "-w")[:2] == (0, "VM 'web1' runs on hv1.\n")
        assert pvc("vm", "restart", "web1", "-y", "-w")[:2] == (0, "VM 'web1' runs on hv1.\n")
    with meanwhile(lambda: worker.see(SeenState.OFF)):
        assert pvc("vm", "shutdown", "web1", "-y", "-w")[:2] == (0, "VM 'web1' is off.\n")
    with meanwhile(lambda: worker.see(SeenState.FAILED, reason="no such volume")):
        code, out, err = pvc("vm", "start", "web1", "-w")
    assert (code, out) == (1, "")
    assert err.endswith("Error: VM 'web1' failed: no such volume\n")


def test_moves(pvc: Pvc, web1: str, worker: Worker) -> None:
    runs(pvc, worker)
    ordered(pvc, "vm", "migrate", "web1", "-t", "hv2")
    worker.send(30)
    wait_until(lambda: "migrate 30%" in pvc("vm", "list")[1])
    worker.arrive()
    wait_until(lambda: shown(pvc)["node"] == "hv2")
    assert pvc("vm", "list")[1].splitlines()[1].split()[2:4] == ["hv2", "hv1"]
    assert pvc("vm", "migrate", "web1", "-t", "hv3")[0] == 1  # it is migrated already
    with meanwhile(worker.arrive):
        code, out, _ = pvc("vm", "migrate", "web1", "-t", "hv3", "-f", "-w")
        assert (code, out) == (0, "VM 'web1' runs on hv3.\n")
        code, out, _ = pvc("vm", "unmigrate", "web1", "-w")
        assert (code, out) == (0, "VM 'web1' runs on hv1.\n")
        code, out, _ = pvc("vm", "move", "web1", "-t", "hv2", "-w", "--force-live")
        assert (code, out) == (0, "VM 'web1' runs on hv2.\n")
    assert shown(pvc)["last_node"] == ""
    assert pvc("vm", "unmigrate", "web1")[0] == 1
    assert pvc("vm", "move", "web1", "-t", "nope")[0] == 1


def test_a_vm_that_is_off_moves_at_once(pvc: Pvc, web1: str) -> None:
    code, out, _ = pvc("vm", "move", "web1", "-t", "hv3", "-w")
    assert (code, out) == (0, "VM 'web1', which is off, is on hv3 now.\n")


def test_meta(pvc: Pvc, web1: str) -> None:
    ordered(pvc, "vm", "meta", "web1", "-l", "hv1,hv2", "-s", "mem", "-a", "-m", "live", "-d", "99")
    found = shown(pvc)
    assert found["node_limit"] == ["hv1", "hv2"]
    assert (found["node_selector"], found["node_autostart"]) == ("mem", True)
    assert (found["migration_method"], found["migration_max_downtime"]) == ("live", 99)
    ordered(pvc, "vm", "meta", "web1", "-A", "-p", "small")
    found = shown(pvc)
    assert (found["node_autostart"], found["migration_method"]) == (False, "live")
    assert found["profile"] == "small"
    ordered(pvc, "vm", "meta", "web1", "-l", "", "-s", "none", "-m", "none")
    found = shown(pvc)
    assert (found["node_limit"], found["node_selector"]) == (None, None)
    assert found["migration_method"] is None
    assert pvc("vm", "meta", "web1", "-l", "nope")[0] == 1


def test_tags(pvc: Pvc, web1: str) -> None:
    ordered(pvc, "vm", "tag", "add", "web1", "prod")
    assert pvc("vm", "tag", "get", "web1", "-f", "raw") == (0, "kept\nprod\nweb\n", "")
    ordered(pvc, "vm", "tag", "remove", "web1", "prod")
    assert pvc("vm", "tag", "remove", "web1", "kept")[0] == 1  # protected
    assert pvc("vm", "tag", "remove", "web1", "nope")[0] == 1
    assert "kept  user  yes" in pvc("vm", "tag", "get", "web1")[1]


def test_rename_undefine_and_remove(pvc: Pvc, web1: str, tmp_path: Path, worker: Worker) -> None:
    ordered(pvc, "vm", "rename", "web1", "web2", "-y")
    assert shown(pvc, "web2")["uuid"] == UUID
    assert pvc("vm", "info", "web1")[0] == 1
    ordered(pvc, "vm", "undefine", "web2", "-y")
    assert pvc("vm", "info", "web2")[0] == 1
    ordered(pvc, "vm", "define", str(tmp_path / "web1.xml"), "-t", "hv1")
    ordered(pvc, "vm", "remove", "web1", "-y")
    assert worker.wanted().state is WantedState.DELETE
    assert worker.wanted().removes_volumes


def test_flush_locks(pvc: Pvc, web1: str, worker: Worker) -> None:
    assert "hv1" in ordered(pvc, "vm", "flush-locks", "web1", "--no-wait")
    with meanwhile(lambda: worker.end_tasks(TaskState.SUCCESS, "freed 1 lock")):
        code, out, _ = pvc("vm", "flush-locks", "web1")
    assert (code, out) == (0, "freed 1 lock\n")


def test_flush_and_ready(pvc: Pvc, worker: Worker) -> None:
    ordered(pvc, "node", "flush", "hv3")
    record = {"serial": 1, "total": 2, "done": 1, "moving": ["b"], "stuck": {}}
    worker.flush("hv3", b"flush", **record)
    with meanwhile(lambda: worker.flush("hv3", b"flushed", **record)):
        code, out, _ = pvc("node", "flush", "hv3", "-w")
    assert (code, out) == (0, "Node 'hv3' is flushed: no VM runs on it.\n")
    with meanwhile(lambda: worker.flush("hv3", b"ready", **record)):
        assert pvc("node", "ready", "hv3", "-w")[0] == 0
    stuck = {**record, "serial": 2, "moving": [], "stuck": {"b": "no node has room"}}
    with meanwhile(lambda: worker.flush("hv3", b"flush", **stuck)):
        code, _, err = pvc("node", "flush", "hv3", "-w")
    assert code == 1
    assert "1 VM of node 'hv3' cannot move:\n  b: no node has room\n" in err
    with meanwhile(lambda: worker.flush("hv3", b"ready", **stuck)):
        assert pvc("node", "ready", "hv3", "-w")[0] == 0
    assert pvc("node", "flush", "nope")[0] == 1


def test_who_may_only_read_orders_nothing(pvc: Pvc, vm_world: ApiWorld, web1: str) -> None:
    if vm_world.token != ADMIN:
        pytest.skip("the real API of this suite has one token")
    assert pvc("vm", "list", connection="reader")[0] == 0
    for words in (["start", "web1"], ["remove", "web1", "-y"], ["tag", "add", "web1", "x"]):
        code, _, err = pvc("vm", *words, connection="reader")
        assert code == 1, words
        assert err.startswith("Error: ")

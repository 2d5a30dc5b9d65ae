"""Definitions changed by commands: what is written, what is plugged in, what is asked."""

import json
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from cli import timing
from cluster.definition.reading import read
from tests.fakes.api_server import ApiServer, Reply
from tests.fakes.vm_bodies import XML, vm
from tests.unit.cli.conftest import Pvc, Ran

WRITTEN = Reply({"message": "Written."})
TASK = Reply({"task_id": "a1b2c3d4", "task_name": "vm.device_attach", "run_on": "hv1"}, 202)


@pytest.fixture(autouse=True)
def _one_vm(api: ApiServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timing, "POLL_SECONDS", 0.0)
    api.replies["GET /vm/web1"] = Reply([vm()])
    api.replies["PUT /vm/web1"] = WRITTEN
    api.replies["POST /vm/web1/device"] = api.replies["DELETE /vm/web1/device"] = TASK
    ended = {"state": "SUCCESS", "current": 1, "total": 1, "status": "plugged"}
    api.replies["GET /tasks/a1b2c3d4"] = Reply(ended)


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """Answers the questions in turn; returns what was asked."""

    def given(*replies: bool) -> list[str]:
        asked: list[str] = []
        left = list(replies)

        def confirm(text: str, **_: object) -> bool:
            asked.append(text)
            return left.pop(0)

        monkeypatch.setattr("click.confirm", confirm)
        return asked

    return given


def sent(api: ApiServer, verb: str) -> list[dict[str, str]]:
    return [request.parameters for request in api.requests if request.verb == verb]


def is_off(api: ApiServer) -> None:
    api.replies["GET /vm/web1"] = Reply([vm(state="stop")])


def test_vcpu(pvc: Pvc, api: ApiServer) -> None:
    assert "vCPUs:                 2\nSockets/cores/threads: 1/2/1" in (
        pvc("vm", "vcpu", "get", "web1").out
    )
    assert pvc("vm", "vcpu", "get", "web1", "-f", "raw").out == "2\n"
    ran = pvc("vm", "vcpu", "set", "web1", "8", "-t", "2,2,2", "-R")
    assert ran.out == "Written.\n"
    (put,) = sent(api, "PUT")
    assert put["restart"] == "false"
    assert (read(put["xml"]).vcpus, read(put["xml"]).topology) == (8, "2/2/2")
    pvc("vm", "vcpu", "set", "web1", "4", "-R")
    assert read(sent(api, "PUT")[1]["xml"]).topology == "1/4/1"
    for words in (["8", "-t", "1,2,3"], ["8", "-t", "x"]):
        assert pvc("vm", "vcpu", "set", "web1", *words).code == 1
    assert pvc("vm", "vcpu", "set", "web1", "0").code == 2
    assert len(sent(api, "PUT")) == 2


def test_memory(pvc: Pvc, api: ApiServer) -> None:
    assert pvc("vm", "memory", "get", "web1").out == "Name:   web1\nMemory: 2.0G (2048 MiB)\n"
    assert pvc("vm", "memory", "get", "web1", "-f", "raw").out == "2048\n"
    assert json.loads(pvc("vm", "memory", "get", "web1", "-f", "json").out)["memory"] == 2048
    for text, mib in (("4096", 4096), ("4G", 4096), ("1T", 1024**2), ("512MiB", 512)):
        assert pvc("vm", "memory", "set", "web1", text, "-R").code == 0
        assert read(sent(api, "PUT")[-1]["xml"]).memory_mb == mib
    for text in ("0", "x", "-1", "1.5G", ""):
        assert pvc("vm", "memory", "set", "web1", text, "-R").code == 2


@pytest.mark.parametrize(
    ("words", "replies", "restarts", "asked"),
    [
        ([], [True], "true", "now, so that"),
        ([], [False], "false", "now, so that"),
        (["-r"], [True], "true", "Restart VM 'web1' for the change"),
        (["-r", "-y"], [], "true", ""),
        (["-R"], [], "false", ""),
        (["-y"], [], "false", ""),  # nobody said that the guest may be cut off
    ],
)
def test_whether_a_running_vm_is_restarted(
    pvc: Pvc,
    api: ApiServer,
    answers: Callable[..., list[str]],
    words: list[str],
    replies: list[bool],
    restarts: str,
    asked: str,
) -> None:
    questions = answers(*replies)
    assert pvc("vm", "memory", "set", "web1", "4G", *words).code == 0
    assert sent(api, "PUT")[0]["restart"] == restarts
    assert len(questions) == len(replies)
    assert asked in "".join(questions)


def test_a_restart_that_is_declined_changes_nothing(
    pvc: Pvc, api: ApiServer, answers: Callable[..., list[str]]
) -> None:
    answers(False)
    assert pvc("vm", "memory", "set", "web1", "4G", "-r").out == "Aborted.\n"
    assert sent(api, "PUT") == []


def test_a_vm_that_is_off_is_neither_restarted_nor_asked_about(
    pvc: Pvc, api: ApiServer, answers: Callable[..., list[str]]
) -> None:
    is_off(api)
    answers()
    assert pvc("vm", "memory", "set", "web1", "4G", "-r").out == "Written.\n"
    assert pvc("vm", "network", "add", "web1", "101").out == "Written.\n"
    assert {put["restart"] for put in sent(api, "PUT")} == {"false"}
    assert sent(api, "POST") == []


def nics(xml: str) -> list[tuple[str, str, str | None]]:
    return [(nic.vni, nic.mac, nic.model) for nic in read(xml).nics]


def test_network_get(pvc: Pvc, api: ApiServer) -> None:
    assert pvc("vm", "network", "get", "web1").out.splitlines()[1].startswith("100  ")
    assert pvc("vm", "network", "get", "web1", "-f", "raw").out == "100\n"
    api.replies["GET /vm/web1"] = Reply([vm(networks=[])])
    assert pvc("vm", "network", "get", "web1").out == "VM 'web1' is in no network.\n"


def test_network_add_changes_the_definition_and_the_running_guest(pvc: Pvc, api: ApiServer) -> None:
    ran = pvc("vm", "network", "add", "web1", "200", "-a", "52:54:00:aa:bb:cc", "-m", "e1000")
    assert (ran.code, ran.out) == (0, "VM 'web1' has its new definition.\nplugged\n")
    (put,) = sent(api, "PUT")
    assert put["restart"] == "false"
    assert nics(put["xml"])[1] == ("200", "52:54:00:aa:bb:cc", "e1000")
    (plugged,) = sent(api, "POST")
    assert "vmbr200" in plugged["xml"]
    verbs = [r.verb for r in api.requests]
    assert verbs.index("PUT") < verbs.index("POST")


def test_network_add_without_live_or_with_restart_plugs_nothing(pvc: Pvc, api: ApiServer) -> None:
    for words in (["-L", "-R"], ["-r", "-y"]):
        assert pvc("vm", "network", "add", "web1", "200", *words).code == 0
    assert [put["restart"] for put in sent(api, "PUT")] == ["false", "true"]
    assert sent(api, "POST") == []
    macs = {nics(put["xml"])[1][1] for put in sent(api, "PUT")}
    assert len(macs) == 2
    assert all(mac.startswith("52:54:00:") for mac in macs)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["nope"], "there is no network 'nope'"),
        (["200", "-a", "52:54:00:00:00:01"], "the VM has interface 52:54:00:00:00:01 already"),
        (["200", "-a", "x'/><evil/>"], "no MAC address"),
    ],
)
def test_network_add_refuses(pvc: Pvc, api: ApiServer, words: list[str], message: str) -> None:
    ran = pvc("vm", "network", "add", "web1", *words)
    assert ran.code == 1
    assert message in ran.err
    assert sent(api, "PUT") == []


def test_a_guest_that_refuses_a_device_has_it_at_its_next_start(pvc: Pvc, api: ApiServer) -> None:
    failed = {"state": "FAILURE", "current": 1, "total": 1, "status": "no free slot"}
    api.replies["GET /tasks/a1b2c3d4"] = Reply(failed)
    ran = pvc("vm", "network", "add", "web1", "200")
    assert ran.code == 1
    assert "The definition of VM 'web1' has the change, the running guest has not" in ran.err
    assert ran.err.endswith("Error: task a1b2c3d4 failed: no free slot\n")


def test_virtual_functions(pvc: Pvc, api: ApiServer) -> None:
    assert pvc("vm", "network", "add", "web1", "ens4f0v1", "-s").code == 0
    assert nics(sent(api, "PUT")[0]["xml"])[1][0] == "macvtap:ens4f0v1"
    pci = {"domain": "0000", "bus": "03", "slot": "10", "function": "1"}
    api.replies["GET /sriov/vf/hv1/ens4f0v1"] = Reply([{"phy": "ens4f0v1", "pci": pci}])
    assert pvc("vm", "network", "add", "web1", "ens4f0v1", "-s", "-d", "hostdev").code == 0
    assert nics(sent(api, "PUT")[1]["xml"])[1][0] == "hostdev:ens4f0v1"
    assert 'bus="0x03"' in sent(api, "POST")[1]["xml"]


def test_network_remove(pvc: Pvc, api: ApiServer, answers: Callable[..., list[str]]) -> None:
    asked = answers(True)
    ran = pvc("vm", "network", "remove", "web1", "100")
    assert (ran.code, ran.out) == (0, "VM 'web1' has its new definition.\nplugged\n")
    assert asked == ["Remove the interface in 100 (52:54:00:00:00:01) from VM 'web1'?"]
    assert nics(sent(api, "PUT")[0]["xml"]) == []
    (unplugged,) = sent(api, "DELETE")
    assert '<source bridge="vmbr100"' in unplugged["xml"]
    for words, code in ((["101"], 1), ([], 2), (["-m", "52:54:00:00:00:09"], 1)):
        ran = pvc("vm", "network", "remove", "web1", *words, "-y")
        assert ran.code == code
    assert "it has: 100 (52:54:00:00:00:01)" in ran.err
    assert pvc("vm", "network", "remove", "web1", "-m", "52:54:00:00:00:01", "-y").code == 0


def test_which_of_two_interfaces_must_be_said(pvc: Pvc, api: ApiServer) -> None:
    (nic,) = vm()["networks"]
    twin = {**nic, "mac": "52:54:00:00:00:02"}
    api.replies["GET /vm/web1"] = Reply([vm(networks=[nic, twin])])
    ran = pvc("vm", "network", "remove", "web1", "100", "-y")
    assert ran.code == 1
    assert "name one with --mac-address" in ran.err
    assert "52:54:00:00:00:02" in ran.err


def disks(xml: str) -> list[tuple[str, str, str]]:
    return [(disk.name, disk.device, disk.bus) for disk in read(xml).disks]


def test_volume_get(pvc: Pvc) -> None:
    assert pvc("vm", "volume", "get", "web1").out == (
        "DISK  TYPE  BUS   VOLUME\nsda   rbd   scsi  vms/web1_root\n"
    )
    assert pvc("vm", "volume", "get", "web1", "-f", "raw").out == "vms/web1_root\n"


def test_volume_add_reaches_ceph_as_the_first_one_does(pvc: Pvc, api: ApiServer) -> None:
    ran = pvc("vm", "volume", "add", "web1", "vms/web1_data")
    assert (ran.code, ran.out) == (0, "VM 'web1' has its new definition.\nplugged\n")
    xml = sent(api, "PUT")[0]["xml"]
    assert disks(xml)[1] == ("vms/web1_data", "sdb", "scsi")
    (plugged,) = sent(api, "POST")
    for part in ("5e5e5e5e-0000-4000-8000-000000000000", 'name="hv1" port="6789"', "unmap"):
        assert part in plugged["xml"]
        assert xml.count(part) == 2
    assert pvc("vm", "volume", "add", "web1", "vms/d", "-b", "virtio", "-d", "vdx", "-L", "-R")
    assert disks(sent(api, "PUT")[1]["xml"])[1] == ("vms/d", "vdx", "virtio")


def test_volume_add_of_a_file(pvc: Pvc, api: ApiServer) -> None:
    for path, kind in (("/srv/a.img", "file"), ("/dev/sdx", "block")):
        assert pvc("vm", "volume", "add", "web1", path, "-t", "file", "-b", "virtio").code == 0
        assert f'type="{kind}"' in sent(api, "PUT")[-1]["xml"]
        assert disks(sent(api, "PUT")[-1]["xml"])[1] == (path, "vda", "virtio")


def test_volume_add_refuses(pvc: Pvc, api: ApiServer) -> None:
    for words, message in (
        (["vms/web1_root"], "the VM has the volume vms/web1_root already"),
        (["vms/x", "-d", "sda"], "the VM has disk sda already"),
        (["justname"], "is not pool/volume"),
    ):
        ran = pvc("vm", "volume", "add", "web1", *words)
        assert (ran.code, message in ran.err) == (1, True), ran.err
    start, end = XML.index("    <disk"), XML.index("    <interface")
    api.replies["GET /vm/web1"] = Reply([vm(xml=XML[:start] + XML[end:], disks=[])])
    ran = pvc("vm", "volume", "add", "web1", "vms/x")
    assert ran.code == 1
    assert "pvc vm modify --editor" in ran.err
    assert sent(api, "PUT") == []


def test_volume_remove(pvc: Pvc, api: ApiServer) -> None:
    for name in ("vms/web1_root", "sda"):
        ran = pvc("vm", "volume", "remove", "web1", name, "-y")
        assert (ran.code, ran.out) == (0, "VM 'web1' has its new definition.\nplugged\n")
        assert disks(sent(api, "PUT")[-1]["xml"]) == []
        assert "vms/web1_root" in sent(api, "DELETE")[-1]["xml"]
    ran = pvc("vm", "volume", "remove", "web1", "vms/x", "-y")
    assert (ran.code, ran.err) == (
        1,
        "Error: VM 'web1' has no disk 'vms/x'; it has: vms/web1_root (sda)\n",
    )


def modified(pvc: Pvc, tmp_path: Path, *words: str) -> Ran:
    file = tmp_path / "new.xml"
    file.write_text(XML.replace("<vcpu>2<", "<vcpu>4<"))
    return pvc("vm", "modify", "web1", str(file), *words)


def test_modify_by_a_file_shows_the_difference_and_asks(
    pvc: Pvc, api: ApiServer, tmp_path: Path, answers: Callable[..., list[str]]
) -> None:
    asked = answers(True)
    ran = modified(pvc, tmp_path)
    assert ran.code == 0
    assert "\n-  <vcpu>2</vcpu>\n+  <vcpu>4</vcpu>\n" in ran.out
    assert ran.out.endswith("\nWritten.\n")
    assert asked == ["Write this definition of VM 'web1'?"]
    assert read(sent(api, "PUT")[0]["xml"]).vcpus == 4
    answers(False)
    assert modified(pvc, tmp_path).out.endswith("Aborted.\n")
    assert len(sent(api, "PUT")) == 1


@pytest.mark.parametrize(
    ("words", "questions", "restart"),
    [
        (["-y"], 0, "false"),
        (["-d"], 0, "false"),
        (["-r"], 2, "true"),
        (["-r", "-d"], 1, "true"),
        (["-r", "-c"], 1, "true"),
        (["-r", "-d", "-c"], 0, "true"),
        (["-r", "-y"], 0, "true"),
    ],
)
def test_what_modify_asks(
    pvc: Pvc,
    api: ApiServer,
    tmp_path: Path,
    answers: Callable[..., list[str]],
    words: list[str],
    questions: int,
    restart: str,
) -> None:
    asked = answers(True, True)
    assert modified(pvc, tmp_path, *words).code == 0
    assert len(asked) == questions
    assert sent(api, "PUT")[0]["restart"] == restart


def test_modify_wants_one_source(pvc: Pvc, api: ApiServer, tmp_path: Path) -> None:
    assert pvc("vm", "modify", "web1").code == 2
    assert modified(pvc, tmp_path, "-e").code == 2
    same = tmp_path / "same.xml"
    same.write_text(XML)
    assert pvc("vm", "modify", "web1", str(same)).out == "Nothing was changed.\n"
    assert sent(api, "PUT") == []


def editor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> Path:
    """Set an editor that is a shell script; `$1` is the file. Return where the copies are made."""
    program, copies = tmp_path / "editor", tmp_path / "copies"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    copies.mkdir()
    monkeypatch.setenv("VISUAL", str(program))
    monkeypatch.setattr("tempfile.tempdir", str(copies))
    return copies


def test_modify_in_an_editor(
    pvc: Pvc, api: ApiServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copies = editor(tmp_path, monkeypatch, "sed -i 's/<vcpu>2</<vcpu>4</' \"$1\"")
    assert pvc("vm", "modify", "web1", "-e", "-y").code == 0
    assert read(sent(api, "PUT")[0]["xml"]).vcpus == 4
    assert list(copies.iterdir()) == []


def test_what_was_edited_is_kept_when_it_is_refused(
    pvc: Pvc, api: ApiServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copies = editor(tmp_path, monkeypatch, "echo '<oops' > \"$1\"")
    api.replies["PUT /vm/web1"] = Reply({"message": "this is no XML: line 2"}, 400)
    ran = pvc("vm", "modify", "web1", "-e", "-y")
    assert ran.code == 1
    (kept,) = copies.iterdir()
    assert kept.read_text() == "<oops\n"
    assert f"What you wrote is kept in {kept}" in ran.err
    assert f"pvc vm modify web1 {kept}" in ran.err
    assert ran.err.endswith("Error: this is no XML: line 2\n")


def test_an_editor_that_changes_nothing_or_fails(
    pvc: Pvc, api: ApiServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copies = editor(tmp_path, monkeypatch, "exit 0")
    assert pvc("vm", "modify", "web1", "-e").out == "Nothing was changed.\n"
    (tmp_path / "editor").write_text("#!/bin/sh\nexit 1\n")
    assert pvc("vm", "modify", "web1", "-e").code == 1
    assert list(copies.iterdir()) == []
    assert sent(api, "PUT") == []

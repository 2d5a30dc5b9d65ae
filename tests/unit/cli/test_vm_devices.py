"""Networks and volumes of a VM: what is written, what is plugged in, what is asked."""

import pytest

from cluster.definition.reading import read
from tests.fakes.api_server import ApiServer, Reply
from tests.fakes.vm_bodies import XML, vm
from tests.unit.cli.conftest import Answers, Pvc, sent

pytestmark = pytest.mark.usefixtures("web1")


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


def test_network_remove(pvc: Pvc, api: ApiServer, answers: Answers) -> None:
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

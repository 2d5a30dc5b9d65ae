"""`pvc vm` and the API understand each other: definitions changed."""

from pathlib import Path

from cluster.model.task import TaskState
from tests.cli_worlds import Pvc, Worker, meanwhile, ordered, runs, shown


def test_dump_and_modify(pvc: Pvc, web1: str, worker: Worker, tmp_path: Path) -> None:
    file = tmp_path / "dump.xml"
    assert pvc("vm", "dump", "web1", "-f", str(file)) == (0, "", "")
    assert pvc("vm", "modify", "web1", str(file)) == (0, "Nothing was changed.\n", "")
    file.write_text(file.read_text().replace(">2</vcpu>", ">3</vcpu>"))
    runs(pvc, worker)
    assert "+  <vcpu>3</vcpu>" in ordered(pvc, "vm", "modify", "web1", str(file), "-y")
    assert (shown(pvc)["vcpu"], shown(pvc)["state"]) == (3, "start")
    file.write_text(file.read_text().replace(">3</vcpu>", ">4</vcpu>"))
    ordered(pvc, "vm", "modify", "web1", str(file), "-r", "-y")
    assert (shown(pvc)["vcpu"], shown(pvc)["state"]) == (4, "restart")
    file.write_text(file.read_text().replace("<name>web1<", "<name>other<"))
    code, _, err = pvc("vm", "modify", "web1", str(file), "-y")
    assert code == 1
    assert "rename" in err


def test_hardware_of_a_vm_that_is_off(pvc: Pvc, web1: str) -> None:
    ordered(pvc, "vm", "vcpu", "set", "web1", "4", "-t", "2,2,1")
    assert "2/2/1" in ordered(pvc, "vm", "vcpu", "get", "web1")
    ordered(pvc, "vm", "memory", "set", "web1", "4G")
    assert pvc("vm", "memory", "get", "web1", "-f", "raw")[1] == "4096\n"
    ordered(pvc, "vm", "network", "add", "web1", "upstream")
    assert pvc("vm", "network", "get", "web1", "-f", "raw")[1] == "100\nupstream\n"
    ordered(pvc, "vm", "network", "remove", "web1", "100", "-y")
    ordered(pvc, "vm", "volume", "add", "web1", "vms/web1_data")
    assert pvc("vm", "volume", "get", "web1", "-f", "raw")[1] == "vms/web1_root\nvms/web1_data\n"
    ordered(pvc, "vm", "volume", "remove", "web1", "sda", "-y")
    assert pvc("vm", "volume", "get", "web1", "-f", "raw")[1] == "vms/web1_data\n"
    assert pvc("vm", "network", "get", "web1", "-f", "raw")[1] == "upstream\n"


def test_devices_of_a_running_guest(pvc: Pvc, web1: str, worker: Worker) -> None:
    runs(pvc, worker)
    with meanwhile(lambda: worker.end_tasks(TaskState.SUCCESS, "plugged")):
        for words in (
            ["network", "add", "web1", "200"],
            ["network", "remove", "web1", "200", "-y"],
            ["volume", "add", "web1", "vms/web1_data"],
            ["volume", "remove", "web1", "vms/web1_data", "-y"],
        ):
            code, out, err = pvc("vm", *words)
            assert code == 0, (words, err)
            assert out.endswith("plugged\n"), words
    with meanwhile(lambda: worker.end_tasks(TaskState.FAILURE, "no free slot")):
        code, _, err = pvc("vm", "network", "add", "web1", "200")
    assert code == 1
    assert "no free slot" in err
    assert pvc("vm", "network", "get", "web1", "-f", "raw")[1] == "100\n200\n"

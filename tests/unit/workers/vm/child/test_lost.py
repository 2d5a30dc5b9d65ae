"""VMs whose process is here although libvirt does not know them."""

import subprocess
import sys
import uuid

from tests.fakes.clock import FakeClock
from workers.vm.child import processes
from workers.vm.child.lost import LostVms
from workers.vm.local import LocalState

SLEEP = "import time; print(1, flush=True); time.sleep(60)"


class Machine:
    """Processes as a test tells them."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.there = {"u": "one", "v": "two"}
        self.looks = 0
        self.lost = LostVms(self.look, self.clock)

    def look(self) -> dict[str, str]:
        self.looks += 1
        return dict(self.there)

    def beside(self, *known: str) -> list[str]:
        return [vm.uuid for vm in self.lost.beside(set(known))]


def test_one_is_lost_only_after_two_looks_that_are_seconds_apart() -> None:
    machine = Machine()
    for _ in range(20):
        assert machine.beside("v") == []
    assert machine.looks == 1
    machine.clock.sleep(5.0)
    assert machine.beside("v") == ["u"]
    (vm,) = machine.lost.beside({"v"})
    assert (vm.name, vm.state) == ("one", LocalState.CRASHED)


def test_what_libvirt_knows_again_or_has_ended_is_not_lost() -> None:
    machine = Machine()
    machine.beside()
    machine.clock.sleep(5.0)
    assert machine.beside() == ["u", "v"]
    assert machine.beside("u") == ["v"]
    machine.there.clear()
    machine.clock.sleep(5.0)
    assert machine.beside() == []


def test_one_that_was_known_in_between_begins_anew() -> None:
    machine = Machine()
    machine.beside("v")
    machine.clock.sleep(5.0)
    assert machine.beside("u", "v") == []
    machine.clock.sleep(5.0)
    assert machine.beside("v") == []


def test_processes_of_vms_are_found_with_their_names() -> None:
    mine = str(uuid.uuid4())
    words = ["/usr/bin/kvm", "-c", SLEEP, "-name", "guest=a-name,debug-threads=on", "-uuid", mine]
    with subprocess.Popen(words, executable=sys.executable, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        assert processes.find_vms()[mine] == "a-name"
        process.kill()
        process.wait()
        assert mine not in processes.find_vms()

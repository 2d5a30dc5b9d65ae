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

    def beside(self, *known: str) -> dict[str, LocalState]:
        return {vm.uuid: vm.state for vm in self.lost.beside(set(known))}


ENDING, CRASHED = LocalState.ENDING, LocalState.CRASHED


def test_what_libvirt_knows_costs_a_look_now_and_then() -> None:
    machine = Machine()
    for _ in range(20):
        assert machine.beside("u", "v") == {}
    assert machine.looks == 1


def test_one_is_lost_only_after_two_looks_that_are_seconds_apart() -> None:
    machine = Machine()
    machine.beside("u", "v")
    for _ in range(5):
        assert machine.beside("v") == {"u": ENDING}
    machine.clock.sleep(5.0)
    assert machine.beside("v") == {"u": ENDING}
    machine.clock.sleep(5.0)
    assert machine.beside("v") == {"u": CRASHED}
    (vm,) = machine.lost.beside({"v"})
    assert vm.name == "one"
    assert machine.beside("u", "v") == {}


def test_one_that_ended_is_gone_with_its_process() -> None:
    machine = Machine()
    machine.beside("u", "v")
    assert machine.beside("v") == {"u": ENDING}
    del machine.there["u"]
    assert machine.beside("v") == {}


def test_one_that_is_about_to_be_known_is_not_shown() -> None:
    machine = Machine()
    machine.beside("u", "v")
    machine.there["w"] = "new"
    machine.clock.sleep(5.0)
    assert machine.beside("u", "v") == {}
    assert machine.beside("u", "v", "w") == {}
    machine.clock.sleep(5.0)
    assert machine.beside("u", "v", "w") == {}


def test_what_a_first_look_finds_may_be_lost_for_long() -> None:
    machine = Machine()
    assert machine.beside() == {"u": ENDING, "v": ENDING}
    machine.clock.sleep(5.0)
    assert machine.beside("v") == {"u": CRASHED}
    machine.there.clear()
    assert machine.beside("v") == {}


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

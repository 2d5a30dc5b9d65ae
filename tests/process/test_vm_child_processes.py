"""The vm worker's children as real processes, on libvirt's own test driver where they need one."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from runtime.clock import SYSTEM_CLOCK
from tests.debian_libvirt import PACKAGES, import_libvirt
from workers.vm import jobs
from workers.vm.child_lines import Garbled
from workers.vm.job_lines import Orders, Surroundings, read_answer, write_orders
from workers.vm.jobs import Ending, JobState
from workers.vm.libvirt_hypervisor import LibvirtHypervisor

ROOT = Path(__file__).resolve().parents[2]
UUID = "11111111-0000-4000-8000-000000000001"
SECONDS = 30.0


@pytest.fixture(autouse=True)
def _path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join((str(ROOT), PACKAGES)))


def eventually(holds: Callable[[], object], woken: threading.Event) -> None:
    until = time.monotonic() + SECONDS
    while not holds():
        assert time.monotonic() < until
        woken.wait(0.05)
        woken.clear()


def test_the_watcher_sees_what_libvirt_has(tmp_path: Path) -> None:
    import_libvirt()
    woken = threading.Event()
    around = Surroundings(uri="test:///default", log_directory=str(tmp_path))
    hypervisor = LibvirtHypervisor(around, woken.set, SYSTEM_CLOCK)
    try:
        eventually(lambda: hypervisor.sight().at is not None, woken)
        (vm,) = hypervisor.sight().vms.values()
        assert (vm.name, vm.state.value, hypervisor.sight().trouble) == ("test", "running", "")
    finally:
        hypervisor.close()


def test_a_libvirt_that_is_not_there_is_trouble_and_fails_jobs(tmp_path: Path) -> None:
    import_libvirt()
    woken = threading.Event()
    uri = f"qemu+unix:///system?socket={tmp_path}/nothing"
    hypervisor = LibvirtHypervisor(Surroundings(uri=uri), woken.set, SYSTEM_CLOCK)
    try:
        eventually(lambda: hypervisor.sight().trouble, woken)
        assert hypervisor.sight().at is None
        assert run_job(hypervisor, jobs.Shutdown(uuid=UUID), woken).ending is Ending.FAILED
        settle = jobs.Settle(uuid=UUID, to_uri=uri, seconds=1.0)
        assert run_job(hypervisor, settle, woken).ending is Ending.UNCERTAIN
    finally:
        hypervisor.close()


def test_a_job_on_volumes_needs_no_libvirt(tmp_path: Path) -> None:
    woken = threading.Event()
    around = Surroundings(ceph_config=str(tmp_path / "none"), ceph_keyring=str(tmp_path / "none"))
    hypervisor = LibvirtHypervisor(around, woken.set, SYSTEM_CLOCK)
    job = jobs.FreeLocks(uuid=UUID, volumes=("vms/a", "vms/b"))
    state = run_job(hypervisor, job, woken)
    assert (state.ending, bool(state.reason)) == (Ending.FAILED, True)
    hypervisor.close()


def run_job(hypervisor: LibvirtHypervisor, job: jobs.Job, woken: threading.Event) -> JobState:
    hypervisor.begin(UUID, job)
    eventually(lambda: hypervisor.jobs()[UUID].ending is not None, woken)
    state = hypervisor.jobs()[UUID]
    hypervisor.forget(UUID)
    return state


def test_a_child_of_somebody_else_does_nothing() -> None:
    job = jobs.FreeLocks(uuid=UUID, volumes=("vms/a",))
    orders = Orders(parent=1, surroundings=Surroundings(), job=job)
    done = subprocess.run(
        [sys.executable, "-P", "-m", "workers.vm.child", "job"],
        input=write_orders(orders),
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "")


def test_children_die_with_the_worker() -> None:
    import_libvirt()
    worker = subprocess.Popen([sys.executable, "-c", _WORKER], stdout=subprocess.PIPE, text=True)
    assert worker.stdout is not None
    assert worker.stdout.readline() == "watched\n"
    (child,) = children_of(worker.pid)
    worker.kill()
    worker.wait()
    worker.stdout.close()
    until = time.monotonic() + SECONDS
    while is_alive(child):
        assert time.monotonic() < until
        time.sleep(0.01)


_WORKER = """
import time
from runtime.clock import SYSTEM_CLOCK
from workers.vm.job_lines import Surroundings
from workers.vm.libvirt_hypervisor import LibvirtHypervisor
hypervisor = LibvirtHypervisor(Surroundings(uri="test:///default"), lambda: None, SYSTEM_CLOCK)
until = time.monotonic() + 30
while hypervisor.sight().at is None and time.monotonic() < until:
    time.sleep(0.01)
print("watched" if hypervisor.sight().at else hypervisor.sight().trouble, flush=True)
time.sleep(60)
"""


def children_of(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_an_answer_that_is_no_answer_is_garbled() -> None:
    with pytest.raises(Garbled):
        read_answer("{}")

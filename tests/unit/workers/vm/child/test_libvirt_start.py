"""A start on libvirt's own test driver, beside a process that libvirt does not know."""

import subprocess
import sys
import uuid
from pathlib import Path

import pytest

from runtime.clock import Instant
from tests.debian_libvirt import import_libvirt
from tests.fakes.clock import FakeClock
from workers.vm import jobs
from workers.vm.job_lines import Surroundings
from workers.vm.jobs import Ending

SLEEP = "import time; print(1, flush=True); time.sleep(60)"


@pytest.fixture
def identity() -> str:
    return str(uuid.uuid4())


def test_a_process_that_libvirt_has_lost_is_ended_before_the_vm_is_started(identity: str) -> None:
    import_libvirt()
    from workers.vm.child.libvirt_start import start

    # What is started and its lost process would run beside each other, or it would be called
    # failed, free for other nodes to start, while that process goes on.
    words = ["/usr/bin/qemu-system-x86_64", "-c", SLEEP, "-uuid", identity]
    with subprocess.Popen(words, executable=sys.executable, stdout=subprocess.PIPE) as lost:
        assert lost.stdout is not None
        lost.stdout.readline()
        xml = (
            f"<domain type='test'><name>{identity}</name><uuid>{identity}</uuid>"
            "<memory>4096</memory><os><type>hvm</type></os></domain>"
        )
        job = jobs.Start(uuid=identity, xml=xml, volumes=())
        try:
            assert start(Surroundings(uri="test:///default"), job) == (Ending.DONE, "")
            assert lost.wait(10.0) == -9
        finally:
            lost.kill()


def test_a_start_that_stood_still_is_not_done_any_more(identity: str) -> None:
    import_libvirt()
    import libvirt

    from workers.vm.child.libvirt_start import start

    class Thawing(FakeClock):
        """The node stands still between the look at the locks and the start."""

        def now(self) -> Instant:
            self.sleep(61.0)
            return super().now()

    xml = (
        f"<domain type='test'><name>{identity}</name><uuid>{identity}</uuid>"
        "<memory>4096</memory><os><type>hvm</type></os></domain>"
    )
    job = jobs.Start(uuid=identity, xml=xml, volumes=())
    ending, reason = start(Surroundings(uri="test:///default"), job, Thawing())
    assert ending is Ending.FAILED and "stood still" in reason
    names = [domain.name() for domain in libvirt.open("test:///default").listAllDomains()]
    assert identity not in names


def test_without_libvirt_nothing_is_started(identity: str, tmp_path: Path) -> None:
    import_libvirt()
    from runtime.errors import Unavailable
    from workers.vm.child.libvirt_start import start

    around = Surroundings(uri=f"qemu+unix:///system?socket={tmp_path}/nothing")
    with pytest.raises(Unavailable):
        start(around, jobs.Start(uuid=identity, xml="<domain/>", volumes=()))

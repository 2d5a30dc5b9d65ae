"""QEMU's processes as the kernel shows them."""

import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from workers.vm.child import processes


@contextmanager
def qemu(
    identity: str, *more: str, program: str = "/usr/bin/qemu-system-x86_64"
) -> Iterator["subprocess.Popen[bytes]"]:
    """A process that looks like a VM's."""
    words = [
        program,
        "-c",
        "import time; print(1, flush=True); time.sleep(60)",
    ]
    process = subprocess.Popen(
        [*words, "-uuid", identity, *more], executable=sys.executable, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    process.stdout.readline()
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def test_a_vms_process_is_found_by_its_uuid() -> None:
    mine, other = str(uuid.uuid4()), str(uuid.uuid4())
    with qemu(mine) as process, qemu(other):
        assert processes.find_qemu(mine) == process.pid
        assert processes.find_qemus(mine) == [process.pid]
    assert processes.find_qemu(mine) is None


@pytest.mark.parametrize("program", ["/usr/bin/kvm", "/usr/libexec/qemu-kvm", "/opt/qemu/x86"])
def test_a_vms_process_is_found_whatever_its_definition_calls_the_emulator(program: str) -> None:
    mine = str(uuid.uuid4())
    with qemu(mine, program=program) as process:
        assert processes.find_qemu(mine) == process.pid


def test_what_cannot_be_looked_at_is_not_taken_for_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: Path) -> bytes:
        raise OSError(24, "Too many open files")

    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(OSError, match="Too many"):
        processes.find_qemu(str(uuid.uuid4()))


def test_a_process_that_has_ended_runs_nothing_though_nobody_collected_it() -> None:
    identity = str(uuid.uuid4())
    with qemu(identity) as process:
        assert not processes.is_ending(process.pid)
        process.kill()
        until = time.monotonic() + 10.0
        while not processes.is_ending(process.pid):
            assert time.monotonic() < until
            time.sleep(0.001)
        assert processes.find_qemu(identity) is None
    assert processes.is_ending(process.pid)


def test_a_stopped_process_may_still_run() -> None:
    identity = str(uuid.uuid4())
    with qemu(identity) as process:
        process.send_signal(19)
        assert processes.find_qemu(identity) == process.pid


def test_one_that_came_by_migration_is_told_from_one_that_was_started() -> None:
    started, came = str(uuid.uuid4()), str(uuid.uuid4())
    with qemu(started), qemu(came, "-incoming", "defer"):
        assert not processes.came_by_migration(started)
        assert processes.came_by_migration(came)


def test_only_the_vms_own_process_is_killed() -> None:
    mine, other = str(uuid.uuid4()), str(uuid.uuid4())
    with qemu(mine) as process:
        processes.kill(process.pid, other)
        assert process.poll() is None
        processes.kill(process.pid, mine)
        assert process.wait(10.0) == -9
        processes.kill(process.pid, mine)

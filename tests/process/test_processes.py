"""Real processes as the root starts, kills and collects them."""

import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from supervisor.process import ChildProcess, SpawnLauncher, environment, leftover_children
from tests.fakes.node_config import node_config
from workers.orders import WorkerOrders
from workers.spec import WorkerSpec


def orders(where: Path) -> WorkerOrders:
    return WorkerOrders(
        worker="small",
        root_pid=os.getpid(),
        incarnation=1,
        schema_version=16,
        run_id="life",
        config=node_config(where),
    )


def code_of(process: ChildProcess, seconds: float = 10.0) -> int | None:
    select.select([process.fileno()], [], [], seconds)
    return process.collect()


def launched(where: Path, program: str, nice: int = 0) -> ChildProcess:
    launcher = SpawnLauncher(lambda _: (sys.executable, "-c", program))
    process = launcher.start(WorkerSpec(name="small", nice=nice), orders(where))
    assert isinstance(process, ChildProcess)
    return process


def test_orders_arrive_on_standard_input_in_a_group_of_its_own(tmp_path: Path) -> None:
    told = tmp_path / "told"
    program = (
        f"import os, sys; open({str(told)!r}, 'w').write(sys.stdin.read());"
        "sys.exit(0 if os.getpgid(0) == os.getpid() else 1)"
    )
    assert code_of(launched(tmp_path, program)) == 0
    assert WorkerOrders.from_json(told.read_text()) == orders(tmp_path)


def test_our_open_files_are_not_handed_on(tmp_path: Path) -> None:
    ours = tmp_path / "ours"
    program = (
        "import glob, os, sys;"
        f"sys.exit({str(ours)!r} in [os.path.realpath(x) for x in glob.glob('/proc/self/fd/*')])"
    )
    with ours.open("w"):
        assert code_of(launched(tmp_path, program)) == 0


def test_exit_code_signal_and_patience(tmp_path: Path) -> None:
    assert code_of(launched(tmp_path, "import sys; sys.exit(78)")) == 78
    process = launched(tmp_path, "import time; time.sleep(100)")
    assert process.collect() is None
    process.kill()
    assert code_of(process) == -signal.SIGKILL


def test_a_stopped_one_can_be_killed(tmp_path: Path) -> None:
    process = launched(tmp_path, "import time; time.sleep(100)")
    os.kill(process.pid, signal.SIGSTOP)
    process.kill()
    assert code_of(process) == -signal.SIGKILL


def test_signals_are_not_blocked_in_it_though_they_are_in_us(tmp_path: Path) -> None:
    old = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
    try:
        process = launched(tmp_path, "import time; print(1, flush=True); time.sleep(100)")
        os.kill(process.pid, signal.SIGTERM)
        assert code_of(process) == -signal.SIGTERM
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, old)


def test_a_program_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    launcher = SpawnLauncher(lambda _: ("/nonexistent/python",))
    with pytest.raises(OSError, match="nonexistent"):
        launcher.start(WorkerSpec(name="small"), orders(tmp_path))


def test_only_a_little_of_our_environment_is_passed_on() -> None:
    given = environment({"PATH": "/bin", "NOTIFY_SOCKET": "/run/x", "PYTHONPATH": "/a:/b"})
    assert given["PATH"] == "/bin"
    assert "NOTIFY_SOCKET" not in given
    assert given["PYTHONPATH"].endswith(":/a:/b")


def test_children_of_a_former_image_are_found() -> None:
    program = (
        "import os, subprocess, sys;"
        "left = subprocess.Popen(['sleep', '100']);"
        "from supervisor.process import leftover_children;"
        "found = leftover_children();"
        "[x.kill() for x in found];"
        "sys.exit(0 if [x.pid for x in found] == [left.pid] and left.wait() == -9 else 1)"
    )
    env = {**os.environ, "PYTHONPATH": environment({})["PYTHONPATH"]}
    assert subprocess.run([sys.executable, "-c", program], env=env, check=False).returncode == 0
    assert isinstance(leftover_children(), list)

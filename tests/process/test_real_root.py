"""A real root with small real workers: what a pure test cannot show."""

import os
import signal
import time

import pytest

from tests.process.real_root import RealRoot, eventually, is_alive, real_root

KEEPALIVE: dict[str, object] = {
    "name": "keepalive",
    "when_exhausted": "escalate",
    "needs_current_schema": False,
    "beat_timeout_seconds": 2.0,
    "stop_timeout_seconds": 2.0,
}
CONSOLE: dict[str, object] = {
    "name": "console",
    "beat_timeout_seconds": 2.0,
    "stop_timeout_seconds": 1.0,
}
FAST = {"unready_pause_seconds": 0.05, "back_off_seconds": 0.05, "back_off_at_most_seconds": 0.1}


def state_of(root: RealRoot, name: str) -> str:
    workers = root.facts()["workers"]
    assert isinstance(workers, dict)
    return str(workers[name]["state"])


def all_run(root: RealRoot) -> None:
    eventually(lambda: root.facts()["tree"] == "running", 20, root)


def test_a_killed_worker_is_back_and_the_other_is_left_alone() -> None:
    with real_root([KEEPALIVE, CONSOLE]) as root:
        all_run(root)
        others = root.worker_pid("keepalive")
        os.kill(root.worker_pid("console"), signal.SIGKILL)
        eventually(lambda: len(root.starts("console")) == 2, 5, root)
        all_run(root)
        assert root.worker_pid("keepalive") == others
        assert [start[1] for start in root.starts("console")] == [1, 2]


def test_a_stopped_worker_is_killed_and_replaced() -> None:
    with real_root([KEEPALIVE, CONSOLE]) as root:
        all_run(root)
        stopped = root.worker_pid("console")
        began = time.monotonic()
        os.kill(stopped, signal.SIGSTOP)
        eventually(lambda: len(root.starts("console")) == 2, 10, root)
        assert root.starts("console")[-1][3] - began <= 2.0 + 1.0
        assert not is_alive(stopped)


def test_a_crash_loop_is_parked_and_the_others_run_on() -> None:
    bad: dict[str, object] = {"name": "bad", "habit": "crash", "restarts": 3}
    with real_root([KEEPALIVE, bad, CONSOLE], **FAST) as root:
        eventually(lambda: state_of(root, "bad") == "parked", 20, root)
        all_run(root)
        assert len(root.starts("bad")) == 4
        assert len(root.starts("keepalive")) == len(root.starts("console")) == 1
        assert state_of(root, "keepalive") == state_of(root, "console") == "running"


def test_keepalives_death_loop_ends_the_root_and_everything_with_it() -> None:
    dying = {**KEEPALIVE, "habit": "crash-after-beat", "restarts": 2}
    with real_root([dying, CONSOLE], **FAST) as root:
        assert root.wait(20) == 70
        eventually(lambda: not is_alive(root.worker_pid("console")), 2, root)
        assert ("console", "restart") in root.ends()


def test_sigkill_of_the_root_leaves_no_orphan() -> None:
    with real_root([KEEPALIVE, CONSOLE]) as root:
        all_run(root)
        workers = root.children()
        assert len(workers) == 2
        os.kill(workers[1], signal.SIGSTOP)
        root.signal(signal.SIGKILL)
        root.wait(5)
        eventually(lambda: not any(is_alive(pid) for pid in workers), 2, root)


def test_a_root_that_was_stopped_kills_nobody_when_it_wakes_up() -> None:
    with real_root([KEEPALIVE, CONSOLE]) as root:
        all_run(root)
        before = root.children()
        root.signal(signal.SIGSTOP)
        time.sleep(10.0)
        root.signal(signal.SIGCONT)
        time.sleep(3.0)
        all_run(root)
        assert root.children() == before


def test_reload_keeps_process_and_life_and_restarts_the_workers() -> None:
    with real_root([KEEPALIVE, CONSOLE]) as root:
        all_run(root)
        root.signal(signal.SIGHUP)
        eventually(lambda: len(root.starts("console")) == 2, 20, root)
        all_run(root)
        assert root.process is not None
        assert root.process.poll() is None
        first, second = root.starts("keepalive")
        assert first[2] == second[2]
        assert second[1] == 2
        assert root.ends() == [("console", "restart"), ("keepalive", "restart")]
        assert len(root.children()) == 2


def test_many_signals_at_once_during_a_reload_end_in_a_running_tree() -> None:
    with real_root([KEEPALIVE, CONSOLE]) as root:
        all_run(root)
        for _ in range(60):
            root.signal(signal.SIGHUP)
            time.sleep(0.02)
        time.sleep(1.0)
        all_run(root)
        assert root.process is not None
        assert root.process.poll() is None


def test_a_reload_with_a_broken_file_is_refused() -> None:
    with real_root([KEEPALIVE, CONSOLE]) as root:
        all_run(root)
        root.config.write_text("pvc: {node: 7}\n")
        root.signal(signal.SIGHUP)
        eventually(lambda: "reload_refused" in root.log(), 20, root)
        all_run(root)
        assert len(root.starts("keepalive")) == 1


def test_leaving_stops_in_order_and_ends_well() -> None:
    with real_root([KEEPALIVE, CONSOLE, {"name": "router"}]) as root:
        all_run(root)
        root.signal(signal.SIGTERM)
        assert root.wait(10) == 0
        assert root.ends() == [
            ("router", "leaving"),
            ("console", "leaving"),
            ("keepalive", "leaving"),
        ]


def test_a_deaf_worker_does_not_hold_the_end_up() -> None:
    with real_root([KEEPALIVE, {**CONSOLE, "habit": "deaf"}]) as root:
        all_run(root)
        began = time.monotonic()
        root.signal(signal.SIGTERM)
        assert root.wait(10) == 0
        assert time.monotonic() - began < 4.0


def test_a_helper_dies_with_its_worker() -> None:
    with real_root([KEEPALIVE, {**CONSOLE, "habit": "with-helper"}]) as root:
        all_run(root)
        helper = int((root.where / "helper").read_text())
        assert is_alive(helper)
        os.kill(root.worker_pid("console"), signal.SIGKILL)
        eventually(lambda: not is_alive(helper), 2, root)


def test_exit_78_is_not_started_again_until_the_file_changes() -> None:
    with real_root([KEEPALIVE, {**CONSOLE, "habit": "config"}], **FAST) as root:
        eventually(lambda: state_of(root, "console") == "parked", 20, root)
        time.sleep(2.0)
        assert len(root.starts("console")) == 1
        (root.where / "mended").touch()
        root.config.write_text(root.config.read_text() + "\n")
        eventually(lambda: state_of(root, "console") == "running", 20, root)
        assert root.process is not None
        assert root.process.poll() is None


def test_systemd_is_told() -> None:
    import socket

    root = RealRoot([KEEPALIVE, CONSOLE])
    end = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    end.bind(str(root.where / "notify"))
    end.settimeout(10)
    try:
        root.start(NOTIFY_SOCKET=str(root.where / "notify"), WATCHDOG_USEC="3000000")
        told: list[str] = []
        while "READY=1" not in told:
            told += end.recv(4096).decode().splitlines()
        assert "WATCHDOG=1" in told
        root.signal(signal.SIGHUP)
        told.clear()
        while "READY=1" not in told:
            told += end.recv(4096).decode().splitlines()
        assert "RELOADING=1" in told
        assert any(line.startswith("STATUS=2 of 2 workers run") for line in told)
        root.signal(signal.SIGTERM)
        assert root.wait(10) == 0
        end.settimeout(0.2)
        with pytest.raises(TimeoutError):
            while True:
                told += end.recv(4096).decode().splitlines()
        assert "STOPPING=1" in told
    finally:
        end.close()
        root.close()

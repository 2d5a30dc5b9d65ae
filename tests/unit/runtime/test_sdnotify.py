"""sd_notify: one datagram per message, silence when nobody listens, never an error."""

import os
import socket
from pathlib import Path

import pytest

from runtime.sdnotify import notify, watchdog_seconds


@pytest.fixture
def systemd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> socket.socket:
    end = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    end.bind(str(tmp_path / "notify"))
    end.settimeout(5)
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
    return end


def test_one_datagram_per_message(systemd: socket.socket) -> None:
    notify("READY=1", "STATUS=läuft")
    assert systemd.recv(1000).decode() == "READY=1\nSTATUS=läuft"


def test_an_abstract_address(monkeypatch: pytest.MonkeyPatch) -> None:
    name = f"pvc-test-{os.getpid()}"
    end = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    end.bind(f"\0{name}")
    end.settimeout(5)
    monkeypatch.setenv("NOTIFY_SOCKET", f"@{name}")
    notify("WATCHDOG=1")
    assert end.recv(100) == b"WATCHDOG=1"
    end.close()


def test_nobody_listens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    notify("READY=1")
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "gone"))
    notify("READY=1")


def test_a_full_queue_does_not_block(systemd: socket.socket) -> None:
    for _ in range(2000):
        notify("STATUS=" + "x" * 1000)


@pytest.mark.parametrize(
    ("pid", "usec", "seconds"),
    [
        (None, "3000000", 3.0),
        ("own", "500000", 0.5),
        ("1", "3000000", None),
        (None, "0", None),
        (None, "", None),
        (None, "soon", None),
    ],
)
def test_the_watchdogs_time(
    monkeypatch: pytest.MonkeyPatch, pid: str | None, usec: str, seconds: float | None
) -> None:
    monkeypatch.delenv("WATCHDOG_PID", raising=False)
    if pid:
        monkeypatch.setenv("WATCHDOG_PID", str(os.getpid()) if pid == "own" else pid)
    monkeypatch.setenv("WATCHDOG_USEC", usec)
    assert watchdog_seconds() == seconds

"""The machine as /proc and /sys tell it, read by a thread of its own.

Keepalive never reads these files itself: reading a link's speed waits for the kernel's network
lock, and a driver may take its time for counters. If the thread is held up, samples grow old, which
their time and a fault show, and the beat goes on. No process is ever walked: reading of one that
hangs in the kernel hangs too.
"""

import os
import threading
from datetime import datetime
from pathlib import Path
from typing import Final

from runtime.clock import Clock
from runtime.log import get_logger
from workers.keepalive.machine import Counters, Sample

log = get_logger(__name__)

_MOST_INTERFACES: Final = 64
_SPEED_EVERY_SAMPLES: Final = 30
_RX_BYTES, _RX_PACKETS, _TX_BYTES, _TX_PACKETS = 0, 1, 8, 9
"""Columns of /proc/net/dev after the name."""


class ProcMachine:
    """Takes samples in its own thread; `root` is where proc and sys are."""

    def __init__(self, clock: Clock, root: Path = Path("/")) -> None:
        self._clock = clock
        self._root = root
        self._speeds: dict[str, int] = {}
        self._samples = 0
        self._latest: Sample | None = None
        self._asked = threading.Event()
        self._thread = threading.Thread(target=self._run, name="machine", daemon=True)
        self._thread.start()

    def ask(self) -> None:
        """Have a sample taken; returns at once."""
        self._asked.set()

    def latest(self) -> Sample | None:
        """Return the last sample taken, None before the first."""
        return self._latest

    def sample(self) -> Sample:
        """Take one sample; may take as long as the kernel likes."""
        memory = self._memory_mb()
        kernel = os.uname()
        return Sample(
            at=self._clock.now(),
            taken_at=_text(self._clock.wall()),
            cpu_count=os.cpu_count() or 1,
            load=float(self._read("proc/loadavg").split()[0]),
            kernel=kernel.release,
            os="GNU/Linux",
            arch=kernel.machine,
            memory_total_mb=memory["MemTotal"],
            memory_free_mb=memory["MemAvailable"],
            interfaces=self._interfaces(),
        )

    def _run(self) -> None:
        while True:
            self._asked.wait()
            self._asked.clear()
            try:
                self._latest = self.sample()
            except (OSError, ValueError, LookupError) as error:
                log.warning("machine_unreadable", error=repr(error))

    def _read(self, path: str) -> str:
        return (self._root / path).read_text()

    def _memory_mb(self) -> dict[str, int]:
        lines = self._read("proc/meminfo").splitlines()
        pairs = (line.split(":", 1) for line in lines[:8])
        return {name: int(value.split()[0]) // 1024 for name, value in pairs}

    def _interfaces(self) -> dict[str, Counters]:
        interfaces: dict[str, Counters] = {}
        for line in self._read("proc/net/dev").splitlines()[2:]:
            name, _, rest = line.strip().partition(":")
            if len(interfaces) < _MOST_INTERFACES and self._is_own(name):
                interfaces[name] = self._counters(name, [int(number) for number in rest.split()])
        is_due = self._samples % _SPEED_EVERY_SAMPLES == 0
        self._samples += 1
        if is_due:
            self._speeds = {name: self._speed(name) for name in interfaces}
        return interfaces

    def _is_own(self, name: str) -> bool:
        """Whether it is an interface of the node, not one of a VM or a client network."""
        directory = self._root / "sys/class/net" / name
        if name == "lo" or any((directory / mark).exists() for mark in ("tun_flags", "bridge")):
            return False
        return "DEVTYPE=vxlan" not in self._value(name, "uevent").split()

    def _counters(self, name: str, columns: list[int]) -> Counters:
        return Counters(
            rx_bytes=columns[_RX_BYTES],
            rx_packets=columns[_RX_PACKETS],
            tx_bytes=columns[_TX_BYTES],
            tx_packets=columns[_TX_PACKETS],
            link_speed_bps=self._speeds.get(name, 0),
            state=self._value(name, "operstate").strip(),
        )

    def _speed(self, name: str) -> int:
        megabits = self._value(name, "speed").strip()
        # -1 and an error both mean that it has none.
        return int(megabits) * 1_000_000 if megabits.isdigit() else 0

    def _value(self, name: str, attribute: str) -> str:
        try:
            return self._read(f"sys/class/net/{name}/{attribute}")
        except OSError:
            return ""


def _text(at: datetime) -> str:
    return at.isoformat(timespec="seconds")

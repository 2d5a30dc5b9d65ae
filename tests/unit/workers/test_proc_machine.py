"""What is read of a machine, also of one that says strange things."""

import os
import time
from pathlib import Path

import pytest

from runtime.clock import SYSTEM_CLOCK
from tests.fakes.clock import FakeClock
from workers.keepalive.proc_machine import ProcMachine

DEV = """Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes packets errs drop fifo colls
    lo: 9 9 0 0 0 0 0 0 9 9 0 0 0 0 0 0
  eth0:1000 10 0 0 0 0 0 0 2000 20 0 0 0 0 0 0
 vnet0: 5 5 0 0 0 0 0 0 5 5 0 0 0 0 0 0
vmbr12: 5 5 0 0 0 0 0 0 5 5 0 0 0 0 0 0
vxlan7: 5 5 0 0 0 0 0 0 5 5 0 0 0 0 0 0
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    files = {
        "proc/loadavg": "0.50 0.40 0.30 1/100 123\n",
        "proc/meminfo": "MemTotal:  1048576 kB\nMemFree: 1 kB\nMemAvailable:  524288 kB\n",
        "proc/net/dev": DEV,
        "sys/class/net/eth0/speed": "10000\n",
        "sys/class/net/eth0/operstate": "up\n",
        "sys/class/net/eth0/uevent": "INTERFACE=eth0\nIFINDEX=2\n",
        "sys/class/net/vnet0/tun_flags": "0x1002\n",
        "sys/class/net/vmbr12/bridge/bridge_id": "8000.0\n",
        "sys/class/net/vxlan7/uevent": "DEVTYPE=vxlan\nINTERFACE=vxlan7\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def test_a_sample_holds_the_node_s_own_interfaces(root: Path) -> None:
    machine = ProcMachine(FakeClock(), root)
    machine.sample()
    sample = machine.sample()
    assert (sample.memory_total_mb, sample.memory_free_mb, sample.load) == (1024, 512, 0.5)
    assert set(sample.interfaces) == {"eth0"}
    eth0 = sample.interfaces["eth0"]
    assert (eth0.rx_bytes, eth0.rx_packets, eth0.tx_bytes, eth0.tx_packets) == (1000, 10, 2000, 20)
    assert (eth0.link_speed_bps, eth0.state) == (10_000_000_000, "up")
    assert sample.cpu_count == os.cpu_count()


@pytest.mark.parametrize("speed", ["-1\n", "", None])
def test_a_link_without_speed_has_none(root: Path, speed: str | None) -> None:
    path = root / "sys/class/net/eth0/speed"
    path.unlink()
    if speed is not None:
        path.write_text(speed)
    machine = ProcMachine(FakeClock(), root)
    machine.sample()
    assert machine.sample().interfaces["eth0"].link_speed_bps == 0


def test_this_machine_can_be_read_by_its_thread() -> None:
    machine = ProcMachine(SYSTEM_CLOCK)
    assert machine.latest() is None
    machine.ask()
    end = time.monotonic() + 5.0
    while (sample := machine.latest()) is None and time.monotonic() < end:
        os.sched_yield()
    assert sample is not None
    assert sample.memory_total_mb > sample.memory_free_mb > 0


def test_a_read_that_hangs_holds_up_only_the_samples(root: Path) -> None:
    machine = ProcMachine(FakeClock(), root)
    (root / "proc/loadavg").unlink()
    os.mkfifo(root / "proc/loadavg")
    start = time.monotonic()
    for _ in range(100):
        machine.ask()
        assert machine.latest() is None
    assert time.monotonic() - start < 1.0

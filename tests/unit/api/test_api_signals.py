"""What ends the API process: a signal, and not a pause that looks like one."""

import os
import signal
import subprocess
import sys
import time

import pytest

from api.housekeeping import ENDING

_WAIT_ONCE = """
import sys
from api.housekeeping import block_signals, signalled
block_signals()
print("waiting", flush=True)
sys.exit(1 if signalled(float(sys.argv[1])) else 0)
"""


def waiting(seconds: float) -> subprocess.Popen[bytes]:
    path = os.pathsep.join(x for x in sys.path if x)
    process = subprocess.Popen(
        [sys.executable, "-c", _WAIT_ONCE, str(seconds)],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": path},
    )
    assert process.stdout is not None
    with process.stdout as said:
        assert said.readline() == b"waiting\n"
    return process


def test_a_pause_that_outlasts_the_wait_is_no_signal() -> None:
    process = waiting(0.4)
    process.send_signal(signal.SIGSTOP)
    os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WNOWAIT)
    time.sleep(0.6)  # the wait's own time must pass while it cannot run
    process.send_signal(signal.SIGCONT)
    assert process.wait(10) == 0


@pytest.mark.parametrize("number", ENDING)
def test_a_signal_is_one(number: int) -> None:
    process = waiting(10)
    process.send_signal(number)
    assert process.wait(10) == 1

"""Children spoken with in lines: nothing lost, nobody waits, nothing outlives."""

import sys
import threading
import time
from pathlib import Path

import pytest

from runtime.companion import Companion
from runtime.errors import Unavailable


class Owner:
    def __init__(self) -> None:
        self.woken = threading.Event()

    def start(self, code: str, given: str = "") -> Companion:
        return Companion.start("test", [sys.executable, "-c", code], given, self.woken.set)

    def all_of(self, companion: Companion) -> list[str]:
        lines: list[str] = []
        until = time.monotonic() + 20.0
        while not companion.is_over:
            assert time.monotonic() < until
            self.woken.wait(0.1)
            self.woken.clear()
            lines += companion.lines()
        return lines + companion.lines()


@pytest.fixture
def owner() -> Owner:
    return Owner()


def test_it_is_given_its_orders_and_answers_in_lines(owner: Owner) -> None:
    given = "x" * 300_000
    child = owner.start("import sys; print(len(sys.stdin.read())); print('last', end='')", given)
    assert owner.all_of(child) == ["300000", "last"]
    assert child.code == 0


def test_more_lines_than_are_kept_wait_and_none_is_lost(owner: Owner) -> None:
    child = owner.start("for i in range(5000): print(i)")
    assert owner.all_of(child) == [str(i) for i in range(5000)]


def test_the_owner_is_woken_by_a_line(owner: Owner) -> None:
    child = owner.start("import time; print('now', flush=True); time.sleep(60)")
    assert owner.woken.wait(10.0)
    assert child.lines() == ["now"]
    assert child.code is None
    child.kill()
    owner.all_of(child)
    assert child.code == -9


def test_killing_ends_what_it_started_and_returns_at_once(owner: Owner) -> None:
    child = owner.start(
        "import subprocess; print(subprocess.Popen(['sleep', '60']).pid, flush=True); "
        "import time; time.sleep(60)"
    )
    assert owner.woken.wait(10.0)
    (grandchild,) = child.lines()
    child.kill()
    owner.all_of(child)
    until = time.monotonic() + 10.0
    while Path("/proc", grandchild, "cmdline").exists() and time.monotonic() < until:
        if not Path("/proc", grandchild, "cmdline").read_bytes():
            break  # a zombie that waits for init
        time.sleep(0.01)
    assert time.monotonic() < until


def test_what_it_started_ends_with_it_when_it_ends_by_itself(owner: Owner) -> None:
    child = owner.start("import subprocess; subprocess.Popen(['sleep', '60']); print('left')")
    assert owner.all_of(child) == ["left"]


def test_a_killed_child_whose_lines_nobody_takes_is_over(owner: Owner) -> None:
    child = owner.start("while True: print('x' * 1000)")
    until = time.monotonic() + 10.0
    assert owner.woken.wait(10.0)
    child.kill()
    while not child.is_over:
        assert time.monotonic() < until
        time.sleep(0.01)


def test_complaints_are_logged_up_to_a_bound(
    owner: Owner, caplog: pytest.LogCaptureFixture
) -> None:
    child = owner.start("import sys\nfor i in range(100): print('oh', i, file=sys.stderr)")
    assert owner.all_of(child) == []
    events = [record.getMessage() for record in caplog.records]
    assert events.count("child_complained") == 20
    assert events.count("child_complaints_dropped") == 1


def test_a_program_that_is_not_there(owner: Owner) -> None:
    with pytest.raises(Unavailable, match="/nonexistent cannot be run"):
        Companion.start("test", ["/nonexistent"], "", owner.woken.set)


def test_no_descriptor_is_left(owner: Owner) -> None:
    owner.all_of(owner.start("print(1)"))
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(5):
        owner.all_of(owner.start("print(1)"))
    until = time.monotonic() + 5.0
    while len(list(Path("/proc/self/fd").iterdir())) > before:
        assert time.monotonic() < until
        time.sleep(0.01)

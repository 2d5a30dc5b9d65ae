"""External programs: what they print, and that nothing of them outlives the call."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from runtime import command
from runtime.deadline import Deadline
from runtime.errors import DeadlineExceeded, Unavailable


def run(*arguments: str, seconds: float = 10.0, given: str = "") -> command.Outcome:
    return command.run(arguments, Deadline.after(seconds), given=given)


def test_an_outcome_has_code_output_and_errors() -> None:
    assert run("sh", "-c", "cat; echo oh >&2; exit 3", given="in") == command.Outcome(
        code=3, output="in", errors="oh\n"
    )


def test_there_is_no_shell() -> None:
    assert run("echo", "$HOME; ls").output == "$HOME; ls\n"


def test_the_environment_is_added_to_ours() -> None:
    outcome = command.run(
        ["sh", "-c", 'echo $PASSWORD; test -n "$PATH" && echo path'],
        Deadline.after(10.0),
        environment={"PASSWORD": "s"},
    )
    assert outcome.output == "s\npath\n"


def test_output_that_is_no_text_is_borne() -> None:
    assert run("printf", "a\\377b").output == "a\ufffdb"


@pytest.mark.parametrize("program", ["/nonexistent/program", "/etc/passwd", "/etc"])
def test_a_program_that_cannot_be_run(program: str) -> None:
    with pytest.raises(Unavailable, match="cannot be run"):
        run(program)


def test_a_late_program_is_killed_with_its_children(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    script = f"sleep 60 & echo $! $$ > {pids}.new; mv {pids}.new {pids}; trap '' TERM; wait"
    start = time.monotonic()
    with pytest.raises(DeadlineExceeded, match="sh did not end in time"):
        run("sh", "-c", script, seconds=0.5)
    assert time.monotonic() - start < 5
    for pid in pids.read_text().split():
        assert _is_gone(int(pid)), pid


def test_a_grandchild_that_keeps_the_output_open_does_not_hold_us() -> None:
    start = time.monotonic()
    with pytest.raises(DeadlineExceeded):
        run("sh", "-c", "sleep 60 & exit 0", seconds=0.1)
    assert time.monotonic() - start < 5


def _is_gone(pid: int) -> bool:
    """Whether it has ended, be it that nobody has collected it yet."""
    for _ in range(200):
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return True
        if state == "Z":
            return True
        time.sleep(0.01)
    return False


def test_a_program_that_dies_with_us_is_run_as_usual() -> None:
    outcome = command.run(
        ["sh", "-c", "cat; exit 3"], Deadline.after(10.0), given="in", dies_with_us=True
    )
    assert outcome == command.Outcome(code=3, output="in", errors="")


def test_a_program_that_dies_with_us_and_is_not_there() -> None:
    with pytest.raises(Unavailable, match="/nonexistent cannot be run"):
        command.run(["/nonexistent"], Deadline.after(10.0), dies_with_us=True)


def test_a_program_that_dies_with_us_does() -> None:
    code = (
        "from runtime import command; from runtime.deadline import Deadline; "
        "command.run(['sh', '-c', 'echo $$ >&2; exec sleep 60 2>&-'],"
        " Deadline.after(60.0), dies_with_us=True)"
    )
    # The program's errors go to a pipe of its caller, so it is found by its parent instead.
    caller = subprocess.Popen([sys.executable, "-c", code])
    children = Path(f"/proc/{caller.pid}/task/{caller.pid}/children")
    until = time.monotonic() + 10.0
    while not (found := children.read_text().split()) or not _sleeps(found[0]):
        assert time.monotonic() < until
        time.sleep(0.01)
    caller.kill()
    caller.wait()
    while _sleeps(found[0]):
        assert time.monotonic() < until
        time.sleep(0.01)


def _sleeps(pid: str) -> bool:
    try:
        return b"sleep" in Path("/proc", pid, "cmdline").read_bytes().split(b"\0")
    except OSError:
        return False

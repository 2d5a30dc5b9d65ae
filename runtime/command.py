"""External programs: an argument list, a deadline, no shell.

A program that does not end in time is killed with its whole process group, so that nothing it
started outlives the call. With `dies_with_us` the kernel kills it too when we die in the middle
of the call: util-linux' setpriv asks for that between fork and exec (Python code there would be
unsafe beside threads). In the millisecond before, a program may be orphaned; it then ends by its
own time limit, which callers give it where it has one.
"""

import contextlib
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from runtime.deadline import Deadline
from runtime.errors import DeadlineExceeded, Unavailable

_DYING_WITH_US: Final = ("setpriv", "--pdeathsig", "KILL", "--")
_NOT_EXECUTED: Final = "setpriv: failed to execute"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a program ended and what it printed."""

    code: int
    output: str
    errors: str


def run(
    arguments: Sequence[str],
    deadline: Deadline,
    *,
    environment: Mapping[str, str] | None = None,
    given: str = "",
    dies_with_us: bool = False,
) -> Outcome:
    """Run a program and wait for it; `environment` is added to ours, `given` is its input."""
    program = arguments[0]
    if dies_with_us:
        arguments = [*_DYING_WITH_US, *arguments]
    try:
        process = subprocess.Popen(
            list(arguments),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, **(environment or {})},
            text=True,
            errors="replace",
            process_group=0,
        )
    except OSError as error:
        raise Unavailable(f"{program} cannot be run: {error.strerror}", program=program) from error
    try:
        output, errors = process.communicate(given, timeout=deadline.left())
    except subprocess.TimeoutExpired as error:
        _kill_group(process)
        raise DeadlineExceeded(f"{program} did not end in time", program=program) from error
    if dies_with_us and errors.startswith(_NOT_EXECUTED):
        raise Unavailable(f"{program} cannot be run: {errors.strip()}", program=program)
    return Outcome(code=process.returncode, output=output, errors=errors)


def _kill_group(process: "subprocess.Popen[str]") -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    # One in uninterruptible sleep cannot be collected now; it is left to init, not waited for.
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(timeout=1.0)
    for pipe in (process.stdin, process.stdout, process.stderr):
        if pipe is not None:
            pipe.close()

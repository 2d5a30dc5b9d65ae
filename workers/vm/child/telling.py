"""What a child says to the worker: one line each, at once."""

import sys
import threading

from workers.vm.job_lines import Answer, write_answer
from workers.vm.jobs import Ending

_lock = threading.Lock()


def say(line: str) -> None:
    """Say a line; from any thread."""
    with _lock:
        sys.stdout.write(line + "\n")
        sys.stdout.flush()


def say_percent(percent: int) -> None:
    """Say how far the job is."""
    say(write_answer(Answer(percent=percent)))


def say_ending(ending: Ending, reason: str = "") -> None:
    """Say how the job ended."""
    say(write_answer(Answer(ending=ending, reason=reason)))

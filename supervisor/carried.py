"""What a root leaves to the image it becomes with `execv`.

It travels in the environment and counts only in the same process: a root started by systemd
begins a new life, with a new run id.
"""

import json
import os
import sys
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Final, NoReturn

from runtime.config.plain import from_plain, to_plain
from runtime.errors import Invalid
from supervisor.signals import block

VARIABLE: Final = "PVCNODED_CARRIED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """The part of the root's memory that outlives its image."""

    pid: int
    run_id: str
    incarnations: dict[str, int] = field(default_factory=dict)
    """The last number of each worker, so that no late beat is taken for a new one's."""
    was_ready: bool = False
    """The node goes on as it was: a restart of the tree announces nothing."""
    schema_version: int | None = None
    """As last seen, in case the state directory cannot be written."""


def take(environment: MutableMapping[str, str]) -> Carried:
    """Return what a former image left, or a new life."""
    text = environment.pop(VARIABLE, "")
    try:
        carried = from_plain(Carried, json.loads(text or "{}"))
    except (Invalid, ValueError):
        return _new_life()
    return carried if carried.pid == os.getpid() else _new_life()


def become_anew(carried: Carried, environment: Mapping[str, str] = os.environ) -> NoReturn:
    """Replace this image by a fresh one: same process, same arguments."""
    block()
    sys.stdout.flush()
    sys.stderr.flush()
    text = json.dumps(to_plain(carried))
    os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], {**environment, VARIABLE: text})


def _new_life() -> Carried:
    return Carried(pid=os.getpid(), run_id=os.urandom(4).hex())

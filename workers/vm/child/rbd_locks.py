"""Locks and volumes of Ceph RBD by the command line tools, each call with a time limit of its own
and of ours.

The tools are programs and no library on purpose: a librados call that hangs cannot be ended, and
the bindings cost every child 30 MB.
"""

import json
from collections.abc import Sequence
from typing import Final

from runtime.command import Outcome, run
from runtime.deadline import Deadline
from runtime.errors import NotFound, Unavailable
from workers.vm.child.locks import Lock, read_blocklist
from workers.vm.job_lines import Surroundings

LIST_SECONDS: Final = 10.0
CHANGE_SECONDS: Final = 20.0
REMOVAL_SECONDS: Final = 3000.0
_NOT_FOUND, _BUSY = 2, 16


class Rbd:
    """Ceph RBD as this node is allowed to use it."""

    def __init__(self, around: Surroundings) -> None:
        self._access = ("--conf", around.ceph_config, "--keyring", around.ceph_keyring)

    def locks(self, volume: str) -> list[Lock]:
        """Return the locks on a volume; raises `NotFound`."""
        outcome = self._run("rbd", ["lock", "ls", volume, "--format", "json"], LIST_SECONDS)
        if outcome.code == _NOT_FOUND:
            raise NotFound(f"volume {volume} does not exist", volume=volume)
        return [
            Lock(
                volume=volume,
                id=str(lock["id"]),
                locker=str(lock["locker"]),
                address=str(lock["address"]),
            )
            for lock in json.loads(_output(outcome, f"the locks of {volume}"))
        ]

    def remove_lock(self, lock: Lock) -> None:
        """Remove a lock; Ceph shuts its holder out as well."""
        words = ["lock", "rm", lock.volume, lock.id, lock.locker]
        outcome = self._run("rbd", words, CHANGE_SECONDS)
        if outcome.code != _NOT_FOUND:
            _output(outcome, f"a lock of {lock.volume}")

    def blocklist(self) -> frozenset[str]:
        """Return the addresses that Ceph has shut out."""
        words = ["osd", "blocklist", "ls", "--format", "json"]
        outcome = self._run("ceph", words, LIST_SECONDS)
        return read_blocklist(_output(outcome, "Ceph's blocklist"))

    def remove(self, volume: str) -> str:
        """Remove a volume for good; returns why that is refused, empty when it is gone."""
        words = ["rm", "--no-progress", volume]
        outcome = self._run("rbd", words, REMOVAL_SECONDS)
        if outcome.code in (0, _NOT_FOUND):
            return ""
        if outcome.code == _BUSY:
            raise Unavailable(f"{volume} is in use: {_said(outcome)}", volume=volume)
        return f"{volume} cannot be removed: {_said(outcome)}"

    def _run(self, program: str, words: Sequence[str], seconds: float) -> Outcome:
        # Their own limit lets them say what they waited for; ours ends what theirs does not see.
        limit = f"--client_mount_timeout={max(1, int(min(seconds, LIST_SECONDS)) - 1)}"
        arguments = [program, *self._access, limit, *words]
        return run(arguments, Deadline.after(seconds), dies_with_us=True)


def _output(outcome: Outcome, what: str) -> str:
    if outcome.code != 0:
        raise Unavailable(f"Ceph does not say or change {what}: {_said(outcome)}")
    return outcome.output


def _said(outcome: Outcome) -> str:
    lines = [line.strip() for line in outcome.errors.splitlines() if line.strip()]
    return lines[-1] if lines else f"exit code {outcome.code}"

"""One machine of the testbed as tests and the command line use it."""

import socket
from collections.abc import Sequence

from testbed import cgroup, nspawn
from testbed.ceph_keys import osd_number
from testbed.commands import Completed, run
from testbed.errors import BedError
from testbed.settings import NodeSettings

ZOOKEEPER_PORT = 2181
QUICK_SECONDS = 2.0


class Node:
    """One machine of the cluster."""

    def __init__(self, node: NodeSettings, cgroups: cgroup.Cgroups) -> None:
        """Speak for a node, whether it is on or off."""
        self.settings = node
        self.name = node.name
        self.addresses = node.addresses
        self.is_coordinator = node.is_coordinator
        self._cgroups = cgroups

    @property
    def leader(self) -> int | None:
        """Return the node's PID 1 in the host's numbering."""
        return nspawn.leader(self._cgroups, self.settings)

    @property
    def is_on(self) -> bool:
        """Tell whether the node has power: whether any of its processes lives."""
        return self._cgroups.is_populated(self.name)

    @property
    def is_frozen(self) -> bool:
        """Tell whether the node stands still."""
        return self._cgroups.is_frozen(self.name)

    def processes(self) -> list[int]:
        """Return the node's processes in the host's numbering."""
        return self._cgroups.processes(self.name)

    def command(self, argv: Sequence[str]) -> list[str]:
        """Return the host's command for a command in the node, with the node's privileges."""
        pid = self.leader
        if pid is None:
            raise BedError(f"{self.name} is off")
        return nspawn.command_in(pid, argv)

    def run(
        self,
        argv: Sequence[str],
        *,
        timeout_seconds: float = 30.0,
        check: bool = True,
        stdin: str = "",
    ) -> Completed:
        """Run a command in the node to its end."""
        return run(
            self.command(argv),
            timeout_seconds=timeout_seconds,
            check=check,
            stdin=stdin,
            env=nspawn.environment_in(),
        )

    def unit_name(self, word: str) -> str:
        """Return a unit's whole name; a Ceph daemon may be called by its kind."""
        if word in ("ceph-mon", "ceph-mgr"):
            return f"{word}@{self.name}"
        return f"ceph-osd@{osd_number(self.settings)}" if word == "ceph-osd" else word

    def unit(self, unit: str, *properties: str) -> dict[str, str]:
        """Return properties of a systemd unit in the node."""
        shown = self.run(["systemctl", "show", f"--property={','.join(properties)}", unit])
        return dict(line.split("=", 1) for line in shown.stdout.splitlines() if "=" in line)

    def is_active(self, unit: str) -> bool:
        """Tell whether a unit is active; a node that cannot say so has it not."""
        if self.leader is None or self.is_frozen:
            return False
        done = self.run(["systemctl", "is-active", unit], check=False, timeout_seconds=10)
        return done.stdout.strip() == "active"

    def restarts(self, unit: str) -> int:
        """Return how often systemd has started a unit again by itself since the node's boot."""
        if self.leader is None or self.is_frozen:
            return 0
        shown = self.run(
            ["systemctl", "show", "--property=NRestarts", "--value", unit], check=False
        )
        return int(shown.stdout.strip() or 0)

    def journal(self, unit: str, lines: int = 50) -> str:
        """Return the last lines of a unit's journal."""
        argv = ["journalctl", "--no-pager", "--output=short-iso", f"--lines={lines}"]
        return self.run([*argv, f"--unit={unit}"], check=False).stdout

    def write(self, path: str, text: str) -> None:
        """Write a file in the node."""
        self.run(["/bin/sh", "-c", 'cat >"$1"', "sh", path], stdin=text)

    def zookeeper_mode(self) -> str | None:
        """Return leader, follower or standalone; None when the member does not serve."""
        if not self.is_on or self.is_frozen:
            return None
        answer = _four_letters(self.addresses["upl"], "srvr")
        modes = [line.split()[1] for line in answer.splitlines() if line.startswith("Mode:")]
        return modes[0] if modes else None


def _four_letters(address: str, word: str) -> str:
    try:
        with socket.create_connection((address, ZOOKEEPER_PORT), QUICK_SECONDS) as connection:
            connection.sendall(word.encode())
            with connection.makefile() as answer:
                return answer.read()
    except OSError:
        return ""

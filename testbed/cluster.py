"""The testbed as tests and the command line use it: nodes one can talk to and break."""

import http.client
import json
import socket
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from testbed import cgroup, faults, nspawn, power_supervisor, settings
from testbed.commands import Completed, run
from testbed.errors import BedError
from testbed.settings import API_PORT, NodeSettings, Settings
from testbed.waiting import wait_until

T = TypeVar("T")
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


class Cluster:
    """All nodes of one running testbed."""

    def __init__(self, bed: Settings) -> None:
        """Speak for the testbed of those settings."""
        self.settings = bed
        self._cgroups = cgroup.cgroups(bed.name)
        self.nodes = [Node(node, self._cgroups) for node in bed.all_nodes()]
        self.coordinators = [node for node in self.nodes if node.is_coordinator]

    @classmethod
    def running(cls, name: str = "pvc", home: Path | None = None) -> "Cluster | None":
        """Return the testbed of that name when it was brought up, else None."""
        bed = settings.load(name, home or settings.home_directory())
        return cls(bed) if bed else None

    def node(self, name: str) -> Node:
        """Return one node by name."""
        wanted = self.settings.node(name)
        return self.nodes[wanted.index - 1]

    def fault(self, node: str, kind: str, *arguments: str) -> None:
        """Do to a node what `./dev fault NODE KIND …` does."""
        faults.apply(self.settings, self.node(node), self._cgroups, kind, list(arguments))

    def power(self, node: str, action: str) -> None:
        """Switch a node: on, off, reset, soft."""
        power_supervisor.order(self.settings, action, node)

    def wait_until(self, condition: Callable[[], T], seconds: float, what: str) -> T:
        """Wait for a condition with a deadline; return its first true value."""
        return wait_until(condition, seconds, what)

    def api(
        self, path: str, *, node: str = "hv1", method: str = "GET", token: str | None = None
    ) -> tuple[int, object]:
        """Ask a coordinator's API through nginx; return status and decoded answer."""
        connection = http.client.HTTPConnection(
            self.node(node).addresses["upl"], API_PORT, timeout=10
        )
        headers = {"X-Api-Key": self.settings.token if token is None else token}
        try:
            connection.request(method, f"/api/v1{path}", headers=headers)
            answer = connection.getresponse()
            body = answer.read().decode()
        finally:
            connection.close()
        try:
            return answer.status, json.loads(body)
        except ValueError:
            return answer.status, body

    def api_answers(self, node: str) -> bool:
        """Tell whether a coordinator's API says yes."""
        try:
            return self.api("/", node=node)[0] == 200
        except OSError:
            return False

    def has_quorum(self) -> bool:
        """Tell whether all Zookeeper members serve, one of them as leader."""
        modes = [node.zookeeper_mode() for node in self.coordinators]
        leads = modes.count("leader") + modes.count("standalone")
        return leads == 1 and None not in modes

    def switch_source(self, node: str, path: str | Path | None) -> None:
        """Re-point a node's /usr/lib/pvc/src; None puts the checkout back. Restarts nothing.

        The tree must lie below `share`, which every node sees as /srv/share.
        """
        target = "/srv/src" if path is None else self._shared(Path(path))
        # Byte code is judged by time and size alone, which two trees may share.
        script = 'ln -sfn "$1" /usr/lib/pvc/src && rm -rf /var/cache/pvc/pycache/usr/lib/pvc/src'
        self.node(node).run(["/bin/sh", "-c", script, "sh", target])

    @property
    def share(self) -> Path:
        """Return the host's directory that every node sees as /srv/share."""
        return self.settings.directory / "share"

    def _shared(self, path: Path) -> str:
        if not path.is_relative_to(self.share):
            raise BedError(f"{path} is not below {self.share}, so the nodes cannot see it")
        return str(Path("/srv/share") / path.relative_to(self.share))


def _four_letters(address: str, word: str) -> str:
    try:
        with socket.create_connection((address, ZOOKEEPER_PORT), QUICK_SECONDS) as connection:
            connection.sendall(word.encode())
            with connection.makefile() as answer:
                return answer.read()
    except OSError:
        return ""

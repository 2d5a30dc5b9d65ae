"""The testbed as tests and the command line use it: nodes one can talk to and break."""

import http.client
import json
import urllib.parse
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

from testbed import cgroup, faults, power_supervisor, settings
from testbed.errors import BedError
from testbed.node import Node
from testbed.settings import API_PORT, Settings
from testbed.waiting import wait_until

T = TypeVar("T")


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
        self,
        path: str,
        *,
        node: str = "hv1",
        method: str = "GET",
        token: str | None = None,
        form: Mapping[str, str] | None = None,
        timeout_seconds: float = 10,
    ) -> tuple[int, object]:
        """Ask a coordinator's API through nginx; return status and decoded answer."""
        connection = http.client.HTTPConnection(
            self.node(node).addresses["upl"], API_PORT, timeout=timeout_seconds
        )
        headers = {"X-Api-Key": self.settings.token if token is None else token}
        body = None if form is None else urllib.parse.urlencode(form)
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        try:
            connection.request(method, f"/api/v1{path}", body, headers)
            answer = connection.getresponse()
            text = answer.read().decode()
        finally:
            connection.close()
        try:
            return answer.status, json.loads(text)
        except ValueError:
            return answer.status, text

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

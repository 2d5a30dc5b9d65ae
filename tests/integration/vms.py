"""Real VMs of a test, ordered through the REST API as a client orders them."""

import contextlib
import uuid
from collections.abc import Iterator, Mapping
from typing import Any

from testbed import guests
from testbed.cluster import Cluster

ORDER_SECONDS = 120.0
"""Generous: the machines that run these tests may be five times slower than a quiet one."""


class Vms:
    """The VMs of one test; all are removed at its end."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self.names: list[str] = []

    def define(self, name: str, node: str, **options: Any) -> str:
        """Make a VM with a bootable disk of its own and return its UUID; `options` are those of
        `guests.domain_xml`, and `meta` what the API takes besides the XML."""
        meta: Mapping[str, str] = options.pop("meta", {})
        identity = str(uuid.uuid4())
        guests.clone_disk(self._cluster, name)
        self.names.append(name)
        xml = guests.domain_xml(self._cluster, name, identity, **options)
        form = {"xml": xml, "node": node, "migration_max_downtime": "300", **meta}
        self.post("/vm", form)
        return identity

    def start(self, name: str) -> None:
        """Order a start."""
        self.order(name, "start")

    def order(self, name: str, state: str, **form: str) -> None:
        """Order a state."""
        self.post(f"/vm/{name}/state", {"state": state, **form})

    def move(self, name: str, action: str, **form: str) -> None:
        """Order a migrate, unmigrate or move."""
        self.post(f"/vm/{name}/node", {"action": action, **form})

    def get(self, name: str) -> dict[str, Any]:
        """Return a VM as the API shows it."""
        status, answer = self._cluster.api(f"/vm/{name}", node=self._asked())
        assert status == 200, answer
        assert isinstance(answer, list)
        found: dict[str, Any] = answer[0]
        return found

    def all(self) -> list[dict[str, Any]]:
        """Return all VMs of the cluster as the API shows them."""
        status, answer = self._cluster.api("/vm", node=self._asked())
        assert status == 200, answer
        assert isinstance(answer, list)
        return list(answer)

    def post(self, path: str, form: Mapping[str, str], *, method: str = "POST") -> object:
        """Order something; an order that is refused fails the test with the reason."""
        status, answer = self._cluster.api(
            path, node=self._asked(), method=method, form=form, timeout_seconds=30
        )
        assert status in (200, 202), f"{method} {path}: {status} {answer}"
        return answer

    def nodes_running(self, name: str) -> list[str]:
        """Return the nodes that have a QEMU process of a VM, as seen from outside."""
        return sorted(
            node for node, names in guests.running(self._cluster).items() if name in names
        )

    def await_running(self, name: str, node: str, seconds: float = ORDER_SECONDS) -> None:
        """Wait until a VM runs on one node, nowhere else, and the API says so."""

        def runs() -> bool:
            if self.nodes_running(name) != [node]:
                return False
            vm = self.get(name)
            return bool(vm["state"] == "start" and vm["node"] == node)

        self._cluster.wait_until(runs, seconds, f"{name} to run on {node} and only there")

    def await_off(self, name: str, state: str = "stop", seconds: float = ORDER_SECONDS) -> None:
        """Wait until a VM runs nowhere and the API says this state."""

        def is_off() -> bool:
            return not self.nodes_running(name) and self.get(name)["state"] == state

        self._cluster.wait_until(is_off, seconds, f"{name} to be off, in state {state}")

    def await_booted(self, name: str, node: str, seconds: float = ORDER_SECONDS) -> None:
        """Wait until a VM's guest has written to its disk."""

        def has_written() -> bool:
            return " ok" in guests.console_log(self._cluster, node, name)

        self._cluster.wait_until(has_written, seconds, f"the guest of {name} to write")

    def remove_all(self) -> None:
        """Stop and remove every VM of the test with its disk."""
        for name in self.names:
            self._cluster.wait_until(
                lambda name=name: self._is_ordered_away(name),  # type: ignore[misc]
                ORDER_SECONDS,
                f"the order to remove {name} to be taken",
            )
        for name in self.names:
            self._cluster.wait_until(
                lambda name=name: self._is_gone(name),  # type: ignore[misc]
                ORDER_SECONDS,
                f"{name} to be gone",
            )
            guests.remove_disk(self._cluster, name)
        self.names.clear()

    def _is_ordered_away(self, name: str) -> bool:
        status, _ = self._cluster.api(
            f"/vm/{name}",
            node=self._asked(),
            method="DELETE",
            form={"delete_disks": "false"},
        )
        return status in (200, 202, 404)

    def _is_gone(self, name: str) -> bool:
        status, _ = self._cluster.api(f"/vm/{name}", node=self._asked())
        return status == 404 and not self.nodes_running(name)

    def _asked(self) -> str:
        """Return a coordinator whose API can answer."""
        for node in self._cluster.coordinators:
            if node.leader is not None and not node.is_frozen:
                return node.name
        raise AssertionError("no coordinator is on")


def make_ready(cluster: Cluster) -> None:
    """Let every node take VMs; what ran before may have left it flushed."""
    for node in cluster.nodes:
        path, form = f"/node/{node.name}/domain-state", {"state": "ready"}
        status, answer = cluster.api(path, method="POST", form=form)
        assert status == 200, answer

    def is_ready() -> bool:
        status, found = cluster.api("/node?domain_state=ready")
        return status == 200 and isinstance(found, list) and len(found) == len(cluster.nodes)

    cluster.wait_until(is_ready, ORDER_SECONDS, "all nodes to be ready")


@contextlib.contextmanager
def vms_of(cluster: Cluster) -> Iterator[Vms]:
    """Have VMs for a while."""
    make_ready(cluster)
    vms = Vms(cluster)
    try:
        yield vms
    finally:
        vms.remove_all()

"""Nodes that are flushed and made ready through the API, as a client sees them."""

from collections.abc import Iterable, Mapping
from typing import Any

from testbed.cluster import Cluster

SECONDS = 180.0
"""Generous: twelve guests move under emulation on two busy processors."""


def order(cluster: Cluster, node: str, state: str, asked: str = "hv1") -> None:
    """Order a flush or ready."""
    status, answer = cluster.api(
        f"/node/{node}/domain-state", node=asked, method="POST", form={"state": state}
    )
    assert status in (200, 202), f"{status} {answer}"


def state_of(cluster: Cluster, node: str, asked: str = "hv1") -> str:
    """Return a node's domain state."""
    status, answer = cluster.api(f"/node/{node}/domain-state", node=asked)
    assert status == 200, answer
    assert isinstance(answer, dict)
    return str(answer["domain_state"])


def await_state(cluster: Cluster, node: str, state: str, seconds: float = SECONDS) -> None:
    """Wait until a node has a domain state."""
    cluster.wait_until(
        lambda: state_of(cluster, node) == state, seconds, f"{node} to become {state}"
    )


def make_ready(cluster: Cluster, names: Iterable[str] = ("hv1", "hv2", "hv3")) -> None:
    """Have these nodes take VMs."""
    for name in names:
        order(cluster, name, "ready")
    for name in names:
        await_state(cluster, name, "ready")


def faults(cluster: Cluster) -> dict[str, str]:
    """Return the messages of all faults by id."""
    status, answer = cluster.api("/faults")
    assert status == 200, answer
    assert isinstance(answer, list)
    found: list[Mapping[str, Any]] = answer
    return {fault["id"]: fault["message"] for fault in found}


def forget_faults(cluster: Cluster) -> None:
    """Delete all faults; those that last come back."""
    status, answer = cluster.api("/faults", method="DELETE")
    assert status == 200, answer

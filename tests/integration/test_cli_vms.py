"""`pvc vm` and `pvc node flush` as an administrator uses them, on real guests."""

import subprocess
from collections.abc import Iterator

import pytest

from testbed.cluster import Cluster
from tests.integration.vms import ORDER_SECONDS, Vms, vms_of

pytestmark = pytest.mark.integration
NAME = "cli-guest"


@pytest.fixture
def vms(cluster: Cluster) -> Iterator[Vms]:
    """A VM that is off on hv1, in a cluster whose nodes take VMs."""
    for node in ("hv1", "hv2", "hv3"):
        _pvc("node", "ready", node, "--wait")
    with vms_of(cluster) as made:
        made.define(NAME, "hv1")
        yield made
    for node in ("hv1", "hv2", "hv3"):
        _pvc("node", "ready", node, "--wait")


def test_a_guest_from_its_start_to_its_end(vms: Vms) -> None:
    assert _pvc("vm", "start", NAME, "-w") == f"VM '{NAME}' runs on hv1.\n"
    assert vms.nodes_running(NAME) == ["hv1"]
    assert _pvc("vm", "migrate", NAME, "-t", "hv2", "-w") == f"VM '{NAME}' runs on hv2.\n"
    assert vms.nodes_running(NAME) == ["hv2"]
    (row,) = _pvc("vm", "list", f"^{NAME}$").splitlines()[1:]
    assert row.split()[:4] == [NAME, "start", "hv2", "hv1"]
    assert _pvc("vm", "unmigrate", NAME, "-w") == f"VM '{NAME}' runs on hv1.\n"
    assert _pvc("vm", "shutdown", NAME, "-y", "-w") == f"VM '{NAME}' is off.\n"
    assert vms.nodes_running(NAME) == []


def test_a_flush_that_waits_names_what_cannot_move(vms: Vms) -> None:
    _pvc("vm", "start", NAME, "-w")
    assert "hv1" in _pvc("node", "flush", "hv1", "-w")
    assert vms.nodes_running(NAME) != ["hv1"]
    _pvc("node", "ready", "hv1", "-w")
    vms.await_running(NAME, "hv1")
    _pvc("vm", "meta", NAME, "--limit", "hv1")
    refused = _run("node", "flush", "hv1", "-w")
    assert refused.returncode == 1
    assert f"\n  {NAME}: " in refused.stderr
    assert vms.nodes_running(NAME) == ["hv1"]


def _pvc(*words: str) -> str:
    done = _run(*words)
    assert done.returncode == 0, done.stderr
    return done.stdout


def _run(*words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        ["./dev", "pvc", "-q", *words],
        capture_output=True,
        text=True,
        timeout=ORDER_SECONDS,
        check=False,
    )

"""The API through nginx and the CLI as a user types it."""

import json
import subprocess

import pytest

from testbed.cluster import Cluster
from tests.integration.processes import all_run

pytestmark = pytest.mark.integration


@pytest.mark.parametrize("token", ["", "wrong", "a"])
def test_a_wrong_token_is_refused(cluster: Cluster, token: str) -> None:
    status, answer = cluster.api("/node", token=token)
    assert status == 401, answer
    assert isinstance(answer, dict)
    assert answer["message"]


def test_a_part_of_the_token_is_refused(cluster: Cluster) -> None:
    assert cluster.api("/node", token=cluster.settings.token[:-1])[0] == 401


def test_each_coordinator_answers(cluster: Cluster) -> None:
    for node in cluster.coordinators:
        status, nodes = cluster.api("/node", node=node.name)
        assert status == 200
        assert isinstance(nodes, list)
        assert [n["name"] for n in nodes] == [n.name for n in cluster.nodes]


def test_every_documented_path_answers(cluster: Cluster) -> None:
    _, document = cluster.api("/openapi.json")
    assert isinstance(document, dict)
    for path, operations in document["paths"].items():
        if "get" not in operations:
            continue
        path = path.removeprefix("/api/v1").replace("{node}", "hv1").replace("{vm}", "none")
        status, answer = cluster.api(
            path.replace("{fault_id}", "NONE").replace("{task_id}", "NONE")
        )
        # There is no VM here, and an empty list of version 1 is a 404 that says so.
        is_without_vms = path.startswith("/vm") and status in (400, 404)
        assert status in (200, 204) or is_without_vms, (path, status, answer)
        assert status < 400 or (isinstance(answer, dict) and answer["message"]), (path, answer)


def test_maintenance_is_seen_by_every_coordinator(cluster: Cluster) -> None:
    for wanted in ("true", "false"):
        assert cluster.api(f"/status?state={wanted}", method="POST")[0] == 200

        def seen(wanted: str = wanted) -> bool:
            answers = [cluster.api("/status", node=n.name)[1] for n in cluster.coordinators]
            return all(isinstance(a, dict) and a["maintenance"] == wanted for a in answers)

        cluster.wait_until(seen, 5, f"maintenance {wanted} everywhere")


def test_cli_lists_nodes(cluster: Cluster) -> None:
    cluster.wait_until(lambda: all_run(cluster), 60, "all nodes to run")
    printed = _pvc("node", "list", "-f", "json")
    assert [node["daemon_state"] for node in json.loads(printed)] == ["run"] * len(cluster.nodes)
    assert "hv1" in _pvc("node", "list")


def test_cli_reads_the_node_log(cluster: Cluster) -> None:
    cluster.wait_until(lambda: "worker" in _pvc("node", "log", "hv1", "-l", "50"), 20, "log lines")


def _pvc(*words: str) -> str:
    done = subprocess.run(
        ["./dev", "pvc", "-q", *words], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout

"""A real VM from its definition to its removal, as a client of the API orders and waits."""

import threading
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from testbed import guests
from testbed.cluster import Cluster
from tests.integration.processes import all_run
from tests.integration.vms import Vms, make_ready, vms_of

pytestmark = pytest.mark.integration


@pytest.fixture(autouse=True)
def _nodes_are_ready(cluster: Cluster) -> None:
    make_ready(cluster)


WAIT_SECONDS = 300
"""Of one order that is waited for, on a busy machine."""


@pytest.fixture
def vms(cluster: Cluster) -> Iterator[Vms]:
    cluster.wait_until(lambda: all_run(cluster), 60, "all nodes to run")
    with vms_of(cluster) as vms:
        yield vms


def call(
    cluster: Cluster, method: str, path: str, *, asked: str = "hv1", **form: str
) -> tuple[int, Any]:
    return cluster.api(path, node=asked, method=method, form=form, timeout_seconds=WAIT_SECONDS)


def done(cluster: Cluster, method: str, path: str, **form: str) -> Any:
    """Order something and return what is answered; a refusal fails the test with its reason."""
    status, answer = call(cluster, method, path, **form)
    assert status in (200, 202), f"{method} {path}: {status} {answer}"
    return answer


def volumes(cluster: Cluster) -> list[str]:
    """Return the volumes of the pool of VMs, as Ceph says."""
    return cluster.node("hv1").run(["rbd", "ls", "vms"]).stdout.split()


def test_a_vm_from_its_definition_to_its_removal(cluster: Cluster, vms: Vms) -> None:
    identity = vms.define("api1", "hv1", meta={"user_tags": "web", "limit": "hv1,hv2"})
    cluster.wait_until(
        lambda: call(cluster, "GET", "/vm/api1", asked="hv2")[0] == 200, 10, "hv2 to show api1"
    )
    assert vms.get("api1")["uuid"] == identity
    assert vms.get("api1")["node_limit"] == ["hv1", "hv2"]
    answer = done(cluster, "POST", "/vm/api1/state", state="start", wait="true")
    assert answer["message"] == "VM 'api1' is started."
    assert vms.nodes_running("api1") == ["hv1"]
    vm = vms.get("api1")
    assert (vm["state"], vm["node"], vm["seen"]["state"]) == ("start", "hv1", "running")
    done(cluster, "POST", "/vm/api1/tags", action="add", tag="kept", protected="true")
    assert [tag["name"] for tag in vms.get("api1")["tags"]] == ["kept", "web"]
    assert call(cluster, "POST", "/vm/api1/tags", action="remove", tag="kept")[0] == 409
    done(cluster, "POST", "/vm/api1/meta", migration_max_downtime="500")
    assert vms.get("api1")["migration_max_downtime"] == 500
    cluster.wait_until(lambda: vms.get("api1")["memory_stats"], 60, "statistics of api1")
    vms.await_booted("api1", "hv1")
    assert call(cluster, "POST", "/vm/api1/node", action="migrate", node="hv3")[0] == 409
    done(cluster, "POST", "/vm/api1/node", action="migrate", node="hv2", wait="true")
    assert vms.nodes_running("api1") == ["hv2"]
    assert vms.get("api1")["last_node"] == "hv1"
    assert call(cluster, "POST", "/vm/api1/rename", new_name="api2")[0] == 409
    done(cluster, "POST", "/vm/api1/node", action="unmigrate", wait="true")
    assert vms.nodes_running("api1") == ["hv1"]
    done(cluster, "POST", "/vm/api1/state", state="stop", wait="true")
    assert vms.nodes_running("api1") == []
    done(cluster, "POST", "/vm/api1/rename", new_name="api2")
    vms.names[vms.names.index("api1")] = "api2"
    assert call(cluster, "GET", "/vm/api1")[0] == 404
    done(cluster, "POST", "/vm/api2/state", state="start", wait="true")
    assert "api1_disk0" in volumes(cluster)
    done(cluster, "DELETE", "/vm/api2", delete_disks="true")
    cluster.wait_until(
        lambda: call(cluster, "GET", "/vm/api2", asked="hv3")[0] == 404, 60, "api2 to be gone"
    )
    assert vms.nodes_running("api2") == []
    assert "api1_disk0" not in volumes(cluster)
    vms.names.remove("api2")


def test_a_changed_definition_acts_with_a_restart(cluster: Cluster, vms: Vms) -> None:
    vms.define("api3", "hv2")
    done(cluster, "POST", "/vm/api3/state", state="start", wait="true")
    vms.await_booted("api3", "hv2")
    xml = vms.get("api3")["xml"]
    assert '"' not in xml
    done(cluster, "PUT", "/vm/api3", xml=xml.replace(">96<", ">128<"), restart="true")
    cluster.wait_until(
        lambda: vms.get("api3")["seen"]["serial"] == vms.get("api3")["wanted"]["serial"],
        60,
        "api3 to be restarted",
    )
    vms.await_running("api3", "hv2")
    assert vms.get("api3")["memory"] == 128


def test_a_refused_definition_leaves_nothing(cluster: Cluster) -> None:
    xml = guests.domain_xml(cluster, "api4", str(uuid.uuid4()))
    status, answer = call(cluster, "POST", "/vm", xml=xml.replace("MiB'>96", "MiB'>lots"))
    assert (status, "<memory>: 'lots'" in answer["message"]) == (400, True)
    assert call(cluster, "GET", "/vm/api4")[0] == 404


def test_a_client_waits_while_others_are_answered(cluster: Cluster, vms: Vms) -> None:
    vms.define("api5", "hv3", disk=None)
    done(cluster, "POST", "/vm/api5/state", state="start", wait="true")
    answers: list[tuple[int, Any]] = []
    flush = {"state": "flush", "wait": "true"}
    waiting = threading.Thread(
        target=lambda: answers.append(call(cluster, "POST", "/node/hv3/domain-state", **flush))
    )
    waiting.start()
    try:
        cluster.wait_until(lambda: vms.get("api5")["node"] != "hv3", 120, "api5 to leave hv3")
        waiting.join(WAIT_SECONDS)
        assert answers[0][0] == 200, answers
    finally:
        done(cluster, "POST", "/node/hv3/domain-state", state="ready", wait="true")
    vms.await_running("api5", "hv3")

"""VMs through pvcapid as a process on a real Zookeeper: lists, orders, waits and their end."""

import http.client
import json
import threading
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlencode

import pytest

from cluster.model.vm import Seen, SeenState
from cluster.records.vm_record import read_wanted, seen_data
from cluster.schema.layout import layout
from cluster.schema.versions import NEWEST
from cluster.store.store import Write
from cluster.store.zookeeper import ZookeeperStore
from runtime.config.node import StoreSection
from runtime.deadline import Deadline
from tests.api_process import TOKEN, ApiProcess, api_process, fill
from tests.fakes.synthetic_cluster import synthetic_tree, vm_xml
from tests.zookeeper import Ensemble, need_zookeeper, wait_until, zookeeper

pytestmark = pytest.mark.zookeeper

KEYS = layout(NEWEST)
VMS = 60
NEW = "1c2f64a0-0000-4c0e-9c5a-0000000000ff"


@pytest.fixture
def ensemble() -> Iterator[Ensemble]:
    need_zookeeper()
    with zookeeper() as running:
        yield running


@pytest.fixture
def store(ensemble: Ensemble) -> Iterator[ZookeeperStore]:
    store = ZookeeperStore(StoreSection(hosts=(ensemble.members[0].host,), call_seconds=10))
    store.start(Deadline.after(20))
    fill(store, synthetic_tree(3, VMS))
    yield store
    store.close()


@pytest.fixture
def api(ensemble: Ensemble, store: ZookeeperStore) -> Iterator[ApiProcess]:
    with api_process(ensemble.members[0].port) as process:
        wait_until(lambda: process.get("/vm")[0] == 200, 30)
        yield process


def call(api: ApiProcess, method: str, path: str, **form: str) -> tuple[int, Any]:
    connection = http.client.HTTPConnection("127.0.0.1", api.port, timeout=60)
    headers = {"X-Api-Key": TOKEN, "Content-Type": "application/x-www-form-urlencoded"}
    connection.request(method, f"/api/v1{path}", urlencode(form), headers)
    reply = connection.getresponse()
    body = json.loads(reply.read())
    connection.close()
    return reply.status, body


def off(store: ZookeeperStore, *numbers: int) -> None:
    data = seen_data(Seen(state=SeenState.OFF, node="hv1", serial=2))
    paths = [KEYS.path("vm.seen", vm=uuid(number)) for number in numbers]
    store.apply([Write(path, data) for path in paths], Deadline.after(10))


def uuid(number: int) -> str:
    return f"1c2f64a0-0000-4c0e-9c5a-{number:012d}"


class Clients:
    """Clients that wait for shutdowns, each in a thread."""

    def __init__(self, api: ApiProcess, store: ZookeeperStore, count: int) -> None:
        self.answers: dict[int, tuple[int, Any]] = {}
        self._threads = [
            threading.Thread(target=self._wait, args=(api, number)) for number in range(count)
        ]
        for thread in self._threads:
            thread.start()
        paths = [KEYS.path("vm.wanted", vm=uuid(number)) for number in range(count)]

        def are_ordered() -> bool:
            values = store.read_many(paths, Deadline.after(10)).values()
            return all(v is not None and read_wanted(v.data).serial == 2 for v in values)

        wait_until(are_ordered, 30)

    def join(self) -> dict[int, tuple[int, Any]]:
        for thread in self._threads:
            thread.join(60)
        return self.answers

    def _wait(self, api: ApiProcess, number: int) -> None:
        path = f"/vm/vm{number:04d}/state"
        self.answers[number] = call(api, "POST", path, state="shutdown", wait="true")


def test_a_vm_through_its_record(api: ApiProcess) -> None:
    xml = vm_xml("web", NEW, 255).decode()
    assert call(api, "POST", "/vm", xml=xml, node="hv2", user_tags="db")[0] == 200
    assert call(api, "POST", "/vm", xml=xml, node="hv2")[0] == 409
    status, (vm,) = call(api, "GET", "/vm/web")
    assert (status, vm["state"], vm["node"], vm["tags"][0]["name"]) == (200, "stop", "hv2", "db")
    assert call(api, "PUT", "/vm/web", xml=vm["xml"].replace(">2048<", ">1024<"))[0] == 200
    assert call(api, "POST", "/vm/web/tags", action="add", tag="x", protected="false")[0] == 200
    assert call(api, "POST", "/vm/web/meta", autostart="true", limit="hv1,hv2")[0] == 200
    assert call(api, "POST", "/vm/web/rename", new_name="www")[0] == 200
    (vm,) = call(api, "GET", "/vm/www")[1]
    assert (vm["memory"], vm["node_autostart"], len(vm["tags"])) == (1024, True, 2)
    assert call(api, "POST", "/vm/www/node", action="move", node="hv1", wait="true")[0] == 200
    assert call(api, "GET", "/vm/www/node")[1]["node"] == "hv1"
    status, task = call(api, "POST", "/vm/www/locks")
    assert (status, task["run_on"]) == (202, "hv1")
    assert call(api, "DELETE", "/vm/www")[0] == 200
    assert call(api, "GET", "/vm/www")[0] == 404
    assert len(call(api, "GET", "/vm")[1]) == VMS


def test_fifty_that_wait_leave_the_others_alone(api: ApiProcess, store: ZookeeperStore) -> None:
    clients = Clients(api, store, 50)
    for _ in range(20):
        assert call(api, "GET", "/node")[0] == 200
        assert call(api, "GET", "/vm")[0] == 200
        assert call(api, "POST", "/vm/vm0055/tags", action="add", tag="x")[0] == 200
    assert not clients.answers
    off(store, *range(50))
    assert {status for status, _ in clients.join().values()} == {200}


def test_the_end_of_the_process_answers_those_who_wait(
    api: ApiProcess, store: ZookeeperStore
) -> None:
    clients = Clients(api, store, 20)
    assert call(api, "GET", "/node")[0] == 200
    assert api.terminate() == 0
    answers = clients.join()
    assert {(status, body["code"]) for status, body in answers.values()} == {(503, "api_ending")}


def test_a_wait_outlives_an_outage_of_the_store(
    api: ApiProcess, store: ZookeeperStore, ensemble: Ensemble
) -> None:
    clients = Clients(api, store, 5)
    ensemble.members[0].stop()
    wait_until(lambda: float(api.get("/node")[2] or 0) > 0.5, 20)
    ensemble.members[0].cont()
    wait_until(lambda: api.get("/node")[2] == "0.000", 40)
    assert not clients.answers
    off(store, *range(5))
    assert {status for status, _ in clients.join().values()} == {200}


def test_no_pattern_holds_the_process(api: ApiProcess) -> None:
    for pattern in ("(a+)+$", "(vm|v|m)+$x", "v*v*v*v*v*v*v*m*0*0*0*0*!"):
        started = time.monotonic()
        status, _ = call(api, "GET", f"/vm?limit={quote(pattern)}")
        assert status in (400, 404)
        assert time.monotonic() - started < 5

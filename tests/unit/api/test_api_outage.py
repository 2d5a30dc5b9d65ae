"""Before the first load, with the store away, and with a tree of another schema."""

import time

import pytest

from api.housekeeping import status_line
from api.schema_gate import Verdict, judge
from tests.fakes.api import CALL_SECONDS, DEAD_AFTER, FakeApi
from tests.zookeeper import wait_until

READS = ["/status", "/status/primary_node", "/node", "/node/hv1", "/node/hv1/log", "/faults",
         "/faults/X", "/tasks", "/tasks/X", "/node/hv1/daemon-state"]  # fmt: skip


def test_before_the_first_load() -> None:
    fake = FakeApi(is_started=False)
    for path in READS:
        reply = fake.get(path)
        assert reply.status == 503
        assert reply.message
        assert reply.headers["retry-after"]
        assert "x-pvc-data-age" not in reply.headers
    assert fake.get("/", token=None).status == 200
    assert fake.get("/docs", token=None).status == 200
    assert status_line(fake.tree) == "waiting for the store"


def test_reads_go_on_without_the_store_and_tell_their_age(api: FakeApi) -> None:
    good = {path: api.get(path).body for path in READS}
    api.store.suspend()
    requests = api.ensemble.requests
    wait_until(lambda: float(api.get("/status").headers["x-pvc-data-age"]) >= 0.1)
    for path in READS:
        reply = api.get(path)
        assert reply.status == 200
        assert float(reply.headers["x-pvc-data-age"]) >= 0.1
        assert reply.body == good[path]
    assert api.ensemble.requests == requests


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/status"),
        ("PUT", "/faults"),
        ("DELETE", "/faults"),
        ("PUT", "/faults/X"),
        ("DELETE", "/faults/X"),
    ],
)
@pytest.mark.parametrize("how", ["suspend", "expire"])
def test_orders_fail_within_the_deadline_without_the_store(
    api: FakeApi, method: str, path: str, how: str
) -> None:
    getattr(api.store, how)()
    began = time.monotonic()
    reply = api.call(method, path, query=[("state", "true")])
    assert reply.status == 503
    assert reply.message
    assert time.monotonic() - began < CALL_SECONDS + 0.5


def test_answers_are_current_again_after_an_outage(api: FakeApi) -> None:
    api.store.suspend()
    api.change(*())
    assert api.call("POST", "/status", query=[("state", "true")]).status == 503
    api.store.resume()
    wait_until(lambda: api.get("/status").headers["x-pvc-data-age"] == "0.000")
    assert api.call("POST", "/status", query=[("state", "true")]).status == 200
    assert api.get("/status").json["maintenance"] == "true"


def test_reads_ask_the_store_nothing(api: FakeApi) -> None:
    requests = api.ensemble.requests
    for path in READS:
        assert api.get(path).status == 200
    assert api.ensemble.requests == requests


def test_status_line(api: FakeApi) -> None:
    assert status_line(api.tree) == "serving"
    api.put("schema.version", b"15")
    assert "schema version 15" in status_line(api.tree)


@pytest.mark.parametrize("version", [b"15", b"17", b"", b"x"])
def test_another_schema_is_not_served(api: FakeApi, version: bytes) -> None:
    api.put("schema.version", version)
    for path in READS:
        reply = api.get(path)
        assert reply.status == 503
        assert "schema version" in reply.message
    assert api.call("POST", "/status", query=[("state", "true")]).status == 503
    api.put("schema.version", b"16")
    for path in READS:
        assert api.get(path).status == 200


def test_an_advanced_tree_makes_us_start_again(api: FakeApi) -> None:
    assert api.look() is Verdict.SERVE
    api.put("schema.version", b"17")
    assert api.look() is Verdict.RESTART


@pytest.mark.parametrize(
    ("first", "now", "verdict"),
    [
        (16, 16, Verdict.SERVE),
        (None, 16, Verdict.SERVE),
        (12, 16, Verdict.SERVE),
        (None, None, Verdict.REFUSE),
        (12, 12, Verdict.REFUSE),
        (12, 14, Verdict.REFUSE),
        (17, 17, Verdict.REFUSE),
        (17, 18, Verdict.REFUSE),
        (16, 17, Verdict.RESTART),
        (12, 17, Verdict.RESTART),
    ],
)
def test_what_follows_from_the_schema(first: int | None, now: int | None, verdict: Verdict) -> None:
    gate = judge(16, first, now)
    assert gate.verdict is verdict
    assert bool(gate.message) is (verdict is not Verdict.SERVE)


# Liveness by our own clock.


def state(api: FakeApi, node: str = "hv3") -> str:
    return str(api.get(f"/node/{node}/daemon-state").json["daemon_state"])


def test_a_silent_node_without_presence_is_dead(api: FakeApi) -> None:
    api.look()
    api.take("node.presence", node="hv3")
    api.look()
    assert state(api) == "run"
    api.clock.ahead = DEAD_AFTER + 0.1
    api.look()
    assert state(api) == "dead"
    assert state(api, "hv1") == "run"
    api.put("node.beat", b"run-2 1", node="hv3")
    assert state(api) == "run"


def test_a_stopped_node_is_not_dead(api: FakeApi) -> None:
    api.look()
    api.put("node.daemon_state", b"stop", node="hv3")
    api.take("node.presence", node="hv3")
    api.clock.ahead = DEAD_AFTER * 10
    api.look()
    assert state(api) == "stop"


def test_an_observer_that_is_cut_off_calls_nobody_dead(api: FakeApi) -> None:
    api.look()
    api.take("node.presence", node="hv3")
    api.store.suspend()
    wait_until(lambda: not api.tree.is_current())
    api.clock.ahead = DEAD_AFTER * 10
    api.look()
    assert state(api) == "run"
    api.store.resume()
    wait_until(api.tree.is_current)
    api.look()
    assert state(api) == "run"
    api.clock.ahead += DEAD_AFTER + 0.1
    api.look()
    assert state(api) == "dead"

"""`pvc` and the API understand each other: every command against the real application and server.

Only Zookeeper is a fake here. What either side's own tests take for granted of the other is what
this suite holds together.
"""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from api.serving import HttpServer
from cli import timing
from cli.main import main
from cluster.schema.layout import layout
from cluster.schema.versions import NEWEST
from cluster.store.store import Create
from runtime.deadline import Deadline
from tests.fakes.api import ADMIN, READER, FakeApi
from tests.zookeeper import wait_until

FAULT = "NODE_HV1_WORKER_CONSOLE_PARKED"
Pvc = Callable[..., tuple[int, str, str]]


@pytest.fixture
def api() -> Iterator[FakeApi]:
    fake = FakeApi()
    yield fake
    fake.close()


@pytest.fixture
def pvc(
    api: FakeApi,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Pvc]:
    server = HttpServer(api.application, "127.0.0.1", 0)
    server.start()
    entry = {"host": "127.0.0.1", "port": server.port, "scheme": "http"}
    connections = {
        "admin": {**entry, "api_key": ADMIN},
        "reader": {**entry, "api_key": READER},
        "nobody": entry,
    }
    (tmp_path / "pvc.json").write_text(json.dumps(connections))
    monkeypatch.setenv("PVC_CLIENT_DIR", str(tmp_path))

    def run(*words: str, connection: str = "admin") -> tuple[int, str, str]:
        code = main(["-q", "-c", connection, *words], record=lambda _: None)
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    yield run
    server.stop(Deadline.after(5.0))


def put_fault(api: FakeApi) -> None:
    keys = layout(NEWEST)
    report = {"last_reported": "2026-01-02T03:14:05Z", "health_delta": 25, "message": "parked"}
    api.change(
        Create(keys.path("fault", fault=FAULT), b'{"first_reported": "2026-01-02T03:04:05Z"}'),
        Create(keys.path("fault.report", fault=FAULT), json.dumps(report).encode()),
    )
    api.settle()


def test_nodes(pvc: Pvc) -> None:
    code, out, err = pvc("node", "list")
    assert (code, err) == (0, "")
    first, *rows = out.splitlines()
    assert first.startswith("NODE  DAEMON")
    assert [row.split()[:2] for row in rows] == [["hv1", "run"], ["hv2", "run"], ["hv3", "run"]]
    assert "- " not in out  # every column is filled
    assert pvc("node", "list", "hv2", "-f", "raw") == (0, "hv2\n", "")
    assert pvc("node", "list", "-ds", "dead")[0] == 1
    assert pvc("node", "list", "[")[0] == 1


def test_one_node(pvc: Pvc) -> None:
    for form in ("pretty", "long"):
        code, out, err = pvc("node", "info", "hv1", "-f", form)
        assert (code, err) == (0, "")
        assert "keepalive  running      0.2 s         0" in out
    code, out, err = pvc("node", "info", "nope")
    assert (code, out) == (1, "")
    assert "nope" in err
    assert pvc("node", "is-primary", "hv1")[0] in (0, 1)
    assert pvc("node", "is-primary", "nope")[0] == 1


def test_the_node_log(pvc: Pvc, api: FakeApi) -> None:
    code, out, _ = pvc("node", "log", "hv1")
    assert code == 0
    chunk = "\n".join(f"line {number}" for number in range(3)).encode()
    keys = layout(NEWEST)
    if api.ensemble.value(keys.path("node.log", node="hv1")) is None:
        api.change(Create(keys.path("node.log", node="hv1"), b""))
    api.put("node.log.chunk", chunk, node="hv1", chunk="000000000000")
    code, out, err = pvc("node", "log", "hv1", "-l", "2")
    assert (code, out, err) == (0, "line 1\nline 2\n", "")
    assert pvc("node", "log", "nope")[0] == 1


def test_the_cluster(pvc: Pvc) -> None:
    for form in ("pretty", "short"):
        code, out, err = pvc("cluster", "status", "-f", form)
        assert (code, err) == (0, "")
        assert out.startswith("Cluster:      demo\n")
        assert "Maintenance:  off" in out


def test_maintenance(pvc: Pvc, api: FakeApi) -> None:
    for word, shown in (("on", "true"), ("off", "false")):
        code, out, err = pvc("cluster", "maintenance", word)
        assert (code, err) == (0, "")
        assert out.strip()
        api.settle()
        assert json.loads(pvc("cluster", "status", "-f", "json")[1])["maintenance"] == shown


def test_faults(pvc: Pvc, api: FakeApi) -> None:
    assert pvc("cluster", "fault", "list") == (0, "There are no faults.\n", "")
    put_fault(api)
    code, out, _ = pvc("cluster", "fault", "list")
    assert code == 0
    assert FAULT in out
    assert pvc("cluster", "fault", "list", FAULT, "-f", "long")[0] == 0
    assert pvc("cluster", "fault", "list", "NOPE")[0] == 1
    assert pvc("cluster", "fault", "ack", FAULT)[0] == 0
    api.settle()
    (found,) = json.loads(pvc("cluster", "fault", "list", "-f", "json")[1])
    assert found["status"] == "ack"
    assert pvc("cluster", "fault", "ack-all", "-y")[0] == 0
    assert pvc("cluster", "fault", "delete", "NOPE")[0] == 1
    assert pvc("cluster", "fault", "delete", FAULT)[0] == 0
    api.settle()
    assert pvc("cluster", "fault", "delete-all", "-y")[0] == 0
    assert pvc("cluster", "fault", "list", "-f", "json") == (0, "[]\n", "")


def test_tasks(pvc: Pvc) -> None:
    assert pvc("cluster", "task") == (0, "There are no tasks.\n", "")
    unknown = pvc("cluster", "task", "a1b2c3d4")
    assert unknown == (1, "", "Error: there is no task 'a1b2c3d4'\n")


def test_connections_tell_of_their_clusters(pvc: Pvc) -> None:
    code, out, _ = pvc("connection", "detail", "-f", "json")
    assert code == 0
    by_name = {each["name"]: each for each in json.loads(out)}
    assert by_name["reader"]["nodes"] == 3
    assert "error" in by_name["nobody"]


def test_keys_and_roles(pvc: Pvc) -> None:
    code, _, err = pvc("node", "list", connection="nobody")
    assert code == 1
    assert "has no key" in err
    assert pvc("node", "list", connection="reader")[0] == 0
    code, _, err = pvc("cluster", "maintenance", "on", connection="reader")
    assert code == 1
    assert err.startswith("Error: ")


def test_an_api_that_has_lost_zookeeper_says_so(
    pvc: Pvc, api: FakeApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timing, "STALE_DATA_SECONDS", 0.05)
    assert pvc("node", "list")[2] == ""
    api.store.suspend()
    wait_until(lambda: (api.tree.age_seconds() or 0.0) > 0.1)
    code, out, err = pvc("node", "list")
    assert code == 0
    assert "hv1" in out
    assert err.startswith("Warning: this was true 0 s ago; the API has lost its connection")

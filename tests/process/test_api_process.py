"""pvcapid as a process on a real Zookeeper: start, outage, hang, end, advance of the schema."""

import contextlib
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cluster.store.store import Write
from cluster.store.zookeeper import ZookeeperStore
from runtime.config.node import StoreSection
from runtime.deadline import Deadline
from tests.api_process import ApiProcess, api_process, fill
from tests.fakes.synthetic_cluster import synthetic_tree
from tests.zookeeper import Ensemble, Member, need_zookeeper, wait_until, zookeeper

pytestmark = pytest.mark.zookeeper

ORDER_SECONDS = 2.0
"""The deadline of an order with default timing."""


@pytest.fixture
def ensemble() -> Iterator[Ensemble]:
    need_zookeeper()
    with zookeeper() as running, store_on(running.members[0]) as store:
        fill(store, synthetic_tree(3, 10))
        yield running


@contextlib.contextmanager
def store_on(member: Member) -> Iterator[ZookeeperStore]:
    store = ZookeeperStore(StoreSection(hosts=(member.host,), call_seconds=10))
    store.start(Deadline.after(20))
    yield store
    store.close()


@pytest.fixture
def api(ensemble: Ensemble) -> Iterator[ApiProcess]:
    with api_process(ensemble.members[0].port) as process:
        wait_until(lambda: process.get("/node")[0] == 200, 20)
        yield process


def age(api: ApiProcess) -> float:
    return float(api.get("/node")[2] or -1)


@pytest.mark.parametrize("fault", ["kill", "stop"])
def test_an_outage_of_the_store(ensemble: Ensemble, api: ApiProcess, fault: str) -> None:
    member = ensemble.members[0]
    getattr(member, fault)()
    wait_until(lambda: age(api) > 0.5, 15)
    status, body, _ = api.get("/node")
    assert status == 200
    assert body.count(b'"name":"hv') == 3
    began = time.monotonic()
    assert api.get("/status?state=true", "POST")[0] == 503
    assert time.monotonic() - began < ORDER_SECONDS + 1.0
    member.restart() if fault == "kill" else member.cont()
    wait_until(lambda: 0 <= age(api) < 0.1, 30)
    assert api.get("/status?state=true", "POST")[0] == 200
    assert b'"maintenance":"true"' in api.get("/status")[1]


def test_it_starts_without_the_store_and_ends_when_told(ensemble: Ensemble) -> None:
    member = ensemble.members[0]
    member.kill()
    with notify_socket() as (environment, said), api_process(member.port, environment) as api:
        wait_until(lambda: b"READY=1" in said(), 20)
        status, body, _ = api.get("/node")
        assert status == 503
        assert b"message" in body
        assert api.get("/")[0] == 200
        began = time.monotonic()
        assert api.terminate() == 0
        assert time.monotonic() - began < 5.0
        wait_until(lambda: b"STOPPING=1" in said())


def test_the_watchdog_is_fed_while_it_answers(ensemble: Ensemble) -> None:
    with notify_socket() as (environment, said):
        watched = {**environment, "WATCHDOG_USEC": "3000000"}
        with api_process(ensemble.members[0].port, watched):
            wait_until(lambda: said().count(b"WATCHDOG=1") >= 2, 20)


def test_an_advanced_schema_makes_it_start_anew_in_the_same_pid(
    ensemble: Ensemble, api: ApiProcess
) -> None:
    with store_on(ensemble.members[0]) as store:
        store.apply([Write("/schema/version", b"17")], Deadline.after(5))
        wait_until(lambda: sum("api_started" in line for line in api.log) == 2, 20)
        wait_until(lambda: b"17" in api.get("/node")[1], 20)
        assert api.get("/node")[0] == 503
        store.apply([Write("/schema/version", b"16")], Deadline.after(5))
        wait_until(lambda: api.get("/node")[0] == 200, 20)
    assert sum("api_started" in line for line in api.log) == 2
    assert api.is_running()


def test_slow_clients_hold_nobody_up(api: ApiProcess) -> None:
    with contextlib.ExitStack() as stack:
        for _ in range(60):
            end = stack.enter_context(socket.create_connection(("127.0.0.1", api.port)))
            end.sendall(b"POST /api/v1/login HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nt")
        began = time.monotonic()
        assert api.get("/node")[0] == 200
        assert time.monotonic() - began < 1.0


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"GET /api/v1/ HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 32760 + b"\r\n\r\n", b"431"),
        (b"POST /api/v1/login HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n", b"413"),
        (b"POST /api/v1/login HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", b"400"),
        (b"nonsense\r\n\r\n", b"400"),
    ],
)
def test_what_is_no_good_http_is_refused_in_json(
    api: ApiProcess, request_bytes: bytes, status: bytes
) -> None:
    with socket.create_connection(("127.0.0.1", api.port), timeout=5) as end:
        end.sendall(request_bytes)
        answer = b""
        # The rest of a request that was refused is not read: the server resets the connection.
        with contextlib.suppress(ConnectionResetError):
            while part := end.recv(4096):
                answer += part
    assert answer.split()[1] == status
    assert b'{"message":' in answer


def test_no_token_is_ever_logged(api: ApiProcess) -> None:
    api.get("/nothing")
    api.get("/node?limit=(")
    assert api.terminate() == 0
    assert not [line for line in api.log if "process-token" in line or "secret" in line]


def test_check_lists_every_fault() -> None:
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "pvcapid.yaml"
        config.write_text("pvc:\n  coordinators: 3\n  nonsense: 1\n")
        command = [sys.executable, "-P", "api/__main__.py", "--check", "--config", str(config)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode == 78
    assert "coordinators" in done.stderr
    assert "nonsense" in done.stderr


@contextlib.contextmanager
def notify_socket() -> Iterator[tuple[dict[str, str], Callable[[], bytes]]]:
    """Listen as systemd does; yields the environment, and what was said so far."""
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/notify"
        end = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        end.bind(path)
        end.setblocking(False)
        heard: list[bytes] = []

        def said() -> bytes:
            with contextlib.suppress(BlockingIOError):
                while True:
                    heard.append(end.recv(4096))
            return b"\n".join(heard)

        with end:
            yield {**os.environ, "NOTIFY_SOCKET": path}, said

"""Calls of the API: parameters, retries, ages, and an error that says what to do."""

import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cli import timing
from cli.api_client import ApiClient, Exchange
from cli.errors import CallFailed, exit_code
from cli.target import Target
from runtime.clock import Instant
from runtime.errors import ConfigError, DeadlineExceeded, NotFound, Refused, Unavailable
from runtime.exitcode import ExitCode
from tests.fakes.api_server import ApiServer, Reply, serving


@dataclass
class Impatient:
    """A clock that does not wait."""

    slept: list[float] = field(default_factory=list)

    def now(self) -> Instant:
        return Instant(0.0)

    def wall(self) -> datetime:
        return datetime(2030, 1, 1, tzinfo=UTC)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


def client(port: int, key: str = "k", clock: Impatient | None = None) -> ApiClient:
    target = Target(name="t", host="127.0.0.1", port=port, api_key=key)
    return ApiClient(target, clock=clock or Impatient())


def test_parameters_and_names_are_quoted(api: ApiServer) -> None:
    api.replies["GET /node/a/b &c/log"] = Reply({"x": 1}, headers={"X-PVC-Data-Age": "1.5"})
    answer = client(api.port).get("node", "a/b &c", "log", lines=5, since=None, name="ü&=")
    (request,) = api.requests
    assert (answer.body, answer.age_seconds) == ({"x": 1}, 1.5)
    assert request.parameters == {"lines": "5", "name": "ü&="}
    assert request.headers["X-Api-Key"] == "k"
    assert request.headers["User-Agent"].startswith("pvc-client-cli/")


def test_what_is_long_goes_as_a_form_and_lists_are_repeated(api: ApiServer) -> None:
    xml = "<domain>" + "&ü" * 100_000 + "</domain>"
    for verb in ("POST", "PUT", "DELETE"):
        api.replies[f"{verb} /vm/a"] = Reply({"message": "ok"})
    asking = client(api.port)
    for call in (asking.post, asking.put, asking.delete):
        call("vm", "a", form={"xml": xml, "limit": ["hv1", "hv2"], "node": None}, restart=False)
    for request in api.requests:
        assert request.address == "/api/v1/vm/a?restart=false"
        assert request.repeated == {"restart": ["false"], "xml": [xml], "limit": ["hv1", "hv2"]}
        assert request.headers["Content-Type"] == "application/x-www-form-urlencoded"


def test_without_a_key_none_is_sent(api: ApiServer) -> None:
    api.replies["POST /status"] = Reply({"message": "ok"})
    client(api.port, key="").post("status", state=True)
    assert "X-Api-Key" not in api.requests[0].headers
    assert api.requests[0].parameters == {"state": "true"}


@pytest.mark.parametrize("code", [429, 500, 502, 503, 504])
def test_a_read_is_tried_again(api: ApiServer, code: int) -> None:
    replies = iter([Reply({}, code), Reply({}, code), Reply(["ok"])])
    api.replies["GET /node"] = lambda _: next(replies)
    clock = Impatient()
    assert client(api.port, clock=clock).get("node").body == ["ok"]
    assert clock.slept == list(timing.PAUSES_SECONDS)


def test_a_web_server_without_an_api_behind_it_is_told_from_an_api_that_refuses(
    api: ApiServer,
) -> None:
    api.replies["GET /node"] = Reply(None, 502)
    with pytest.raises(Unavailable, match=r"nothing answers behind the web server.*pvcapid"):
        client(api.port).get("node")


def test_an_order_is_never_repeated(api: ApiServer) -> None:
    for verb in ("POST", "PUT", "DELETE"):
        api.replies[f"{verb} /x"] = Reply({"message": "busy"}, 503)
    calls = client(api.port)
    for call in (calls.post, calls.put, calls.delete):
        with pytest.raises(Unavailable, match="busy"):
            call("x")
    assert len(api.requests) == 3


@pytest.mark.parametrize(
    ("code", "kind", "exit_with"),
    [
        (400, Refused, ExitCode.REFUSED),
        (401, Refused, ExitCode.REFUSED),
        (404, NotFound, ExitCode.REFUSED),
        (405, Refused, ExitCode.REFUSED),
        (409, Refused, ExitCode.REFUSED),
        (500, CallFailed, ExitCode.REFUSED),
        (503, Unavailable, ExitCode.UNAVAILABLE),
    ],
)
def test_each_code_is_an_error_of_ours(
    api: ApiServer, code: int, kind: type[Exception], exit_with: ExitCode
) -> None:
    api.replies["GET /node"] = Reply({"message": "the reason"}, code)
    with pytest.raises(kind, match="the reason") as caught:
        client(api.port).get("node")
    assert exit_code(caught.value) == exit_with


def test_a_refused_key_says_how_to_store_another(api: ApiServer) -> None:
    api.replies["GET /node"] = Reply({"message": "no"}, 401)
    with pytest.raises(Refused, match=r"'t' has a wrong key; store the right one: pvc connection"):
        client(api.port).get("node")
    with pytest.raises(Refused, match="has no key"):
        client(api.port, key="").get("node")


def test_an_explanation_per_parameter(api: ApiServer) -> None:
    api.replies["GET /node"] = Reply({"message": {"limit": "bad", "x": "worse"}}, 400)
    with pytest.raises(Refused, match="limit: bad; x: worse"):
        client(api.port).get("node")


def test_a_page_that_is_no_json(api: ApiServer) -> None:
    api.replies["GET /node"] = Reply(b"<html>", 404)
    with pytest.raises(NotFound, match="answered with code 404"):
        client(api.port).get("node")


def test_an_odd_age_is_no_age(api: ApiServer) -> None:
    api.replies["GET /node"] = Reply([], headers={"X-PVC-Data-Age": "old"})
    assert client(api.port).get("node").age_seconds is None


def test_nobody_listens() -> None:
    clock = Impatient()
    with pytest.raises(Unavailable, match=r"http://127.0.0.1:1 \(connection 't'\) cannot be reach"):
        client(1, clock=clock).get("node")
    assert len(clock.slept) == 2


def test_a_name_that_does_not_resolve() -> None:
    target = Target(name="t", host="nowhere.invalid", port=7370)
    with pytest.raises(Unavailable, match="cannot be reached"):
        ApiClient(target, tries=1).get("node")


def test_an_api_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timing, "ANSWER_SECONDS", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        start = time.monotonic()
        with pytest.raises(DeadlineExceeded, match="did not answer within"):
            client(silent.getsockname()[1]).post("status")
        assert time.monotonic() - start < 5


def test_an_api_that_hangs_is_not_waited_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timing, "ANSWER_SECONDS", 0.1)
    clock = Impatient()
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        pytest.raises(DeadlineExceeded, match="did not answer within"),
    ):
        client(silent.getsockname()[1], clock=clock).get("node")
    assert clock.slept == []


def test_a_connection_cut_in_the_middle_is_tried_again(api: ApiServer) -> None:
    replies = iter([Reply(b"[1]", headers={"Content-Length": "100"}), Reply(["whole"])])
    api.replies["GET /node"] = lambda _: next(replies)
    assert client(api.port).get("node").body == ["whole"]


def test_each_call_is_shown_for_debugging(api: ApiServer) -> None:
    api.replies["GET /node"] = Reply([])
    seen: list[Exchange] = []
    target = Target(name="t", host="127.0.0.1", port=api.port, api_key="s3cret")
    ApiClient(target, on_exchange=seen.append).get("node", limit="x")
    assert seen[0].line == f"GET http://127.0.0.1:{api.port}/api/v1/node?limit=x"
    assert seen[0].code == 200
    assert "s3cret" not in repr(seen) + repr(target)


def test_the_address_of_ipv6_is_bracketed() -> None:
    assert Target(name="t", host="::1", port=1).url == "http://[::1]:1"


@pytest.mark.parametrize("key", ["a\nb", "ключ", "a\x00"])
def test_a_key_that_no_header_can_hold(api: ApiServer, key: str) -> None:
    with pytest.raises(ConfigError, match="is no plain text"):
        client(api.port, key=key).get("node")
    assert api.requests == []


@pytest.fixture
def tls(api: ApiServer, tmp_path: Path) -> Iterator[int]:
    """The port at which `api` is reached by TLS, with a certificate nobody trusts."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl makes the certificate")
    key, certificate = tmp_path / "key", tmp_path / "certificate"
    words = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=localhost"
    command = ["openssl", *words.split(), "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(command, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with serving(ApiServer(api.replies), context) as server:
        yield server.port


def test_an_untrusted_certificate_is_refused_unless_told_otherwise(
    api: ApiServer, tls: int
) -> None:
    api.replies["GET /node"] = Reply(["ok"])
    target = Target(name="t", host="localhost", port=tls, scheme="https")
    with pytest.raises(Unavailable, match=r"its certificate is not trusted.*PVC_CLIENT_VERIFY_SSL"):
        ApiClient(target, tries=1).get("node")
    assert ApiClient(replace(target, verify=False), tries=1).get("node").body == ["ok"]


def test_http_where_tls_is_spoken(tls: int) -> None:
    target = Target(name="t", host="127.0.0.1", port=tls)
    with pytest.raises(Unavailable, match="cannot be reached"):
        ApiClient(target, tries=1).get("node")

"""Names that a shell completes: what the API knows, and never an error."""

from collections.abc import Callable

import pytest
from click.shell_completion import ShellComplete

from cli.root import root
from tests.fakes.api_bodies import node
from tests.fakes.api_server import ApiServer, Reply
from tests.fakes.vm_bodies import vm
from tests.unit.cli.conftest import Pvc

Complete = Callable[..., list[str]]


@pytest.fixture
def complete(pvc: Pvc, api: ApiServer) -> Complete:
    """Return what the words may be completed to; the last one is the beginning."""
    api.replies["GET /vm"] = Reply([vm("web1"), vm("web2", tags=[{"name": "wet"}]), vm("db1")])
    api.replies["GET /node"] = Reply([node("hv1"), node("hv2")])
    api.replies["GET /vm/web1/tags"] = Reply({"name": "web1", "tags": [{"name": "prod"}]})

    def run(*words: str, connection: str = "test") -> list[str]:
        found = ShellComplete(root, {}, "pvc", "_PVC_COMPLETE").get_completions(
            ["-c", connection, *words[:-1]], words[-1]
        )
        return [item.value for item in found]

    return run


def test_names_of_vms(complete: Complete, api: ApiServer) -> None:
    assert complete("vm", "start", "we") == ["web1", "web2"]
    assert complete("vm", "info", "") == ["db1", "web1", "web2"]
    assert complete("vm", "network", "get", "d") == ["db1"]
    assert complete("vm", "start", "x") == []
    assert {request.parameters["fields"] for request in api.requests} == {"name"}


def test_names_of_nodes(complete: Complete) -> None:
    assert complete("vm", "migrate", "web1", "-t", "hv") == ["hv1", "hv2"]
    assert complete("vm", "list", "--target", "") == ["hv1", "hv2"]
    assert complete("node", "flush", "hv2") == ["hv2"]
    assert complete("node", "info", "") == ["hv1", "hv2"]


def test_tags(complete: Complete) -> None:
    assert complete("vm", "list", "-g", "we") == ["web", "wet"]
    assert complete("vm", "tag", "add", "db1", "w") == ["web", "wet"]
    assert complete("vm", "tag", "remove", "web1", "") == ["prod"]


@pytest.mark.parametrize("connection", ["nope", "gone", "broken"])
def test_whoever_cannot_be_asked_completes_nothing(
    complete: Complete,
    pvc: Pvc,
    api: ApiServer,
    capsys: pytest.CaptureFixture[str],
    connection: str,
) -> None:
    pvc("connection", "add", "gone", "-a", "127.0.0.1", "-p", "1")
    pvc("connection", "add", "broken", "-a", "127.0.0.1", "-p", str(api.port))
    for path in ("/vm", "/node", "/vm/web1/tags"):
        api.replies[f"GET {path}"] = Reply(b"<html>", 200 if connection == "broken" else 500)
    capsys.readouterr()
    for words in (["vm", "start", ""], ["node", "info", ""], ["vm", "tag", "remove", "web1", ""]):
        assert complete(*words, connection=connection) == []
    assert complete("vm", "list", "-g", "", connection=connection) == []
    printed = capsys.readouterr()
    assert (printed.out, printed.err) == ("", "")


def test_names_that_could_disturb_a_terminal_are_left_out(
    complete: Complete, api: ApiServer
) -> None:
    api.replies["GET /vm"] = Reply([{"name": "a\x1b[2J"}, {"name": "ok"}, {"no": 1}, 3])
    assert complete("vm", "start", "") == ["ok"]

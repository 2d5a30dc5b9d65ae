"""`pvc vm log` against a real HTTP server."""

from tests.fakes.api_server import ApiServer, Reply
from tests.unit.cli.conftest import Pvc

BODY = {"name": "web1", "data": "one\ntwo\x1b[2J", "first": 4, "next": 6, "oldest": 0}


def test_the_last_thousand_lines_or_as_many_as_asked_for(pvc: Pvc, api: ApiServer) -> None:
    api.replies["GET /vm/web1/console"] = Reply(BODY)
    ran = pvc("vm", "log", "web1")
    assert (ran.code, ran.out, ran.err) == (0, "one\ntwo [2J\n", "")
    assert pvc("vm", "log", "web1", "-l", "7").code == 0
    assert [request.parameters for request in api.requests] == [{"lines": "1000"}, {"lines": "7"}]


def test_an_unknown_vm_is_an_error(pvc: Pvc, api: ApiServer) -> None:
    api.replies["GET /vm/web9/console"] = Reply({"message": "There is no VM 'web9'."}, 400)
    ran = pvc("vm", "log", "web9")
    assert (ran.code, ran.out) == (1, "")
    assert "There is no VM 'web9'." in ran.err


def test_following_needs_numbers(pvc: Pvc, api: ApiServer) -> None:
    api.replies["GET /vm/web1/console"] = Reply({"name": "web1", "data": "one"})
    ran = pvc("vm", "log", "web1", "-f")
    assert ran.code == 1
    assert "does not number" in ran.err


def test_bad_options(pvc: Pvc, api: ApiServer) -> None:
    assert pvc("vm", "log", "web1", "-l", "0").code == 2
    assert pvc("vm", "log").code == 2
    assert not api.requests

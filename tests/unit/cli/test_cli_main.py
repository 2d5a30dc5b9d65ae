"""The frame of an invocation: global options, exit codes, lazy loading."""

import json
import re
from pathlib import Path

import pytest

from cli.errors import exit_code, explained
from runtime.errors import ConfigError, Conflict, DeadlineExceeded, PvcError
from runtime.exitcode import ExitCode
from runtime.version import VERSION
from tests.fakes.api_bodies import node
from tests.fakes.api_server import ApiServer, Reply
from tests.unit.cli.conftest import Pvc


def test_help_and_version(invoke: Pvc) -> None:
    ran = invoke("-h")
    assert ran.code == 0
    assert re.search(r"^  node +The nodes of the cluster\.$", ran.out, re.MULTILINE)
    assert invoke("--version").out == f"pvc {VERSION}\n"
    for words in (["cluster"], ["cluster", "fault"], ["cluster", "maintenance"], ["node"]):
        assert "Commands:" in invoke(*words, "--help").out


def test_every_command_explains_itself(invoke: Pvc) -> None:
    for words in (
        ["cluster", "status"],
        ["cluster", "task"],
        ["cluster", "maintenance", "on"],
        ["cluster", "fault", "ack-all"],
        ["connection", "add"],
        ["connection", "detail"],
        ["node", "log"],
        ["node", "is-primary"],
    ):
        ran = invoke(*words, "-h")
        assert ran.code == 0, words
        assert ran.out.startswith("Usage: pvc")


@pytest.mark.parametrize("words", [["nodes"], ["node", "list", "--nope"], ["node", "frob"], ["-x"]])
def test_a_wrong_command_line_is_code_2(invoke: Pvc, words: list[str]) -> None:
    assert invoke(*words).code == 2


def test_the_banner_goes_to_standard_error(pvc: Pvc, invoke: Pvc, api: ApiServer) -> None:
    api.replies["GET /node"] = Reply([node()])
    assert pvc("node", "list").err == ""
    ran = invoke("-c", "test", "node", "list", "-f", "raw")
    assert ran.err == f"Using connection 'test' at http://127.0.0.1:{api.port}\n"
    assert ran.out == "hv1\n"


def test_the_environment_sets_the_same(
    pvc: Pvc, invoke: Pvc, api: ApiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    api.replies["GET /node"] = Reply([node()])
    monkeypatch.setenv("PVC_CONNECTION", "test")
    assert invoke("node", "list").err.startswith("Using connection 'test'")
    monkeypatch.setenv("PVC_QUIET", "0")  # set is on, whatever it says
    assert invoke("node", "list").err == ""
    monkeypatch.setenv("PVC_SILENT", "1")
    ran = invoke("node", "list")
    assert (ran.code, ran.out, ran.err) == (0, "", "")


def test_silence_covers_errors_too(pvc: Pvc, api: ApiServer) -> None:
    ran = pvc("-s", "node", "info", "nope")
    assert (ran.code, ran.out, ran.err) == (1, "", "")


def test_debug_shows_the_calls_but_no_key(pvc: Pvc, api: ApiServer) -> None:
    api.replies["GET /node"] = Reply([node()])
    ran = pvc("-v", "node", "list")
    assert f"GET http://127.0.0.1:{api.port}/api/v1/node: 200" in ran.err
    assert "Content-Type: application/json" in ran.err
    assert "s3cret" not in ran.err


def test_colours_only_when_wanted(
    pvc: Pvc, api: ApiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    api.replies["GET /node"] = Reply([node()])
    assert "\x1b" not in pvc("node", "list").out
    assert "\x1b[32mrun\x1b[0m" in pvc("--color", "node", "list").out
    assert "\x1b[32m" in pvc("--colour", "node", "list").out
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in pvc("node", "list").out


def test_an_unreachable_api_is_code_75(pvc: Pvc, directory: Path) -> None:
    (directory / "pvc.json").write_text(
        json.dumps({"test": {"host": "127.0.0.1", "port": 1, "scheme": "http"}})
    )
    ran = pvc("cluster", "maintenance", "on")
    assert ran.code == 75
    assert ran.err == (
        "Error: the API at http://127.0.0.1:1 (connection 'test') cannot be reached: Connection "
        "refused; look whether pvcapid runs there (systemctl status pvcapid), or name another "
        "connection with --connection\n"
    )


def test_a_broken_answer_is_our_bug_and_shows_no_traceback(pvc: Pvc, api: ApiServer) -> None:
    api.replies["GET /node"] = Reply([7])
    ran = pvc("node", "list")
    assert ran.code == 70
    assert "This is a bug in pvc" in ran.err
    assert "Traceback" not in ran.err
    assert "Traceback" in pvc("-v", "node", "list").err


def test_exit_codes_of_all_errors() -> None:
    assert exit_code(Conflict("x")) == ExitCode.REFUSED
    assert exit_code(DeadlineExceeded("x")) == ExitCode.UNAVAILABLE
    assert exit_code(ConfigError("x")) == ExitCode.CONFIG
    assert exit_code(PvcError("x")) == ExitCode.REFUSED
    assert exit_code(KeyError("x")) == ExitCode.OUR_BUG
    shown = explained(ConfigError("two", ("a: x", "b: y")))
    assert shown == "Error: the configuration has faults:\n  a: x\n  b: y"

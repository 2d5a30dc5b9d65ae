"""A `pvc` that is connected to a small API server, run in this process."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from cli import timing
from cli.main import main
from tests.fakes.api_server import ApiServer, Reply, serving
from tests.fakes.vm_bodies import vm

_VARIABLES = ("CONNECTION", "DEBUG", "QUIET", "SILENT", "UNSAFE", "COLOUR", "CLIENT_DB_PERMS")


@dataclass(frozen=True, slots=True)
class Ran:
    """What an invocation left behind."""

    code: int
    out: str
    err: str


Pvc = Callable[..., Ran]
Answers = Callable[..., list[str]]

_WRITTEN = Reply({"message": "Written."})
_TASK = Reply({"task_id": "a1b2c3d4", "task_name": "vm.device_attach", "run_on": "hv1"}, 202)


@pytest.fixture
def api() -> Iterator[ApiServer]:
    """The API that `pvc` talks to."""
    with serving(ApiServer()) as server:
        yield server


@pytest.fixture
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the connections are stored; nothing of the environment is left."""
    for name in _VARIABLES:
        monkeypatch.delenv(f"PVC_{name}", raising=False)
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("PVC_CLIENT_DIR", str(tmp_path))
    return tmp_path


@pytest.fixture
def invoke(directory: Path, capsys: pytest.CaptureFixture[str]) -> Pvc:
    """Return what runs any command line."""

    def run(*words: str) -> Ran:
        code = main(words, record=_nowhere)
        printed = capsys.readouterr()
        return Ran(code, printed.out, printed.err)

    return run


@pytest.fixture
def pvc(api: ApiServer, directory: Path, invoke: Pvc) -> Pvc:
    """Return what runs a command line that is connected to `api`."""
    entry = {"host": "127.0.0.1", "port": api.port, "scheme": "http", "api_key": "s3cret"}
    (directory / "pvc.json").write_text(json.dumps({"test": entry}))
    return lambda *words: invoke("-q", "-c", "test", *words)


@pytest.fixture
def web1(api: ApiServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """A running VM, whose definition may be changed; each task about it ends well."""
    monkeypatch.setattr(timing, "POLL_SECONDS", 0.0)
    api.replies["GET /vm/web1"] = Reply([vm()])
    api.replies["PUT /vm/web1"] = _WRITTEN
    api.replies["POST /vm/web1/device"] = api.replies["DELETE /vm/web1/device"] = _TASK
    ended = {"state": "SUCCESS", "current": 1, "total": 1, "status": "plugged"}
    api.replies["GET /tasks/a1b2c3d4"] = Reply(ended)


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Answers:
    """Answers the questions in turn; returns what was asked."""

    def given(*replies: bool) -> list[str]:
        asked: list[str] = []
        left = list(replies)

        def confirm(text: str, **_: object) -> bool:
            asked.append(text)
            return left.pop(0)

        monkeypatch.setattr("click.confirm", confirm)
        return asked

    return given


def sent(api: ApiServer, verb: str) -> list[dict[str, str]]:
    """Return the parameters of the calls with this verb."""
    return [request.parameters for request in api.requests if request.verb == verb]


def _nowhere(arguments: Sequence[str]) -> None:
    """Keep the tests out of this machine's syslog."""

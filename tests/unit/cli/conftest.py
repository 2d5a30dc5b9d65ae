"""A `pvc` that is connected to a small API server, run in this process."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from cli.main import main
from tests.fakes.api_server import ApiServer, serving

_VARIABLES = ("CONNECTION", "DEBUG", "QUIET", "SILENT", "UNSAFE", "COLOUR", "CLIENT_DB_PERMS")


@dataclass(frozen=True, slots=True)
class Ran:
    """What an invocation left behind."""

    code: int
    out: str
    err: str


Pvc = Callable[..., Ran]


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


def _nowhere(arguments: Sequence[str]) -> None:
    """Keep the tests out of this machine's syslog."""

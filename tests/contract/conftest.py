"""The worlds in which contracts are checked: of the store, and of the command line with the API."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli import timing
from cli.main import main
from tests.cli_worlds import ApiWorld, Pvc, Worker, fake_world, real_world
from tests.fakes.api import READER
from tests.fakes.vm_bodies import XML
from tests.store_worlds import FakeWorld, World, ZookeeperWorld
from tests.zookeeper import Ensemble, need_zookeeper, zookeeper


@pytest.fixture(scope="session")
def one_member() -> Iterator[Ensemble]:
    """A real Zookeeper of one member, shared by all tests of the run."""
    need_zookeeper()
    with zookeeper() as ensemble:
        yield ensemble


@pytest.fixture(params=["fake", pytest.param("real", marks=pytest.mark.zookeeper)])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    """The fake ensemble, then a real one."""
    if request.param == "fake":
        yield FakeWorld()
        return
    real = ZookeeperWorld(request.getfixturevalue("one_member"))
    yield real
    real.close()


@pytest.fixture(scope="session", params=["fake", pytest.param("real", marks=pytest.mark.zookeeper)])
def vm_world(request: pytest.FixtureRequest) -> Iterator[ApiWorld]:
    """An API over a tree of three nodes without VMs."""
    with fake_world() if request.param == "fake" else real_world() as running:
        yield running


@pytest.fixture
def worker(vm_world: ApiWorld) -> Worker:
    """Play the vm workers."""
    return Worker(vm_world.store)


@pytest.fixture
def pvc(
    vm_world: ApiWorld,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Pvc:
    """Run a command line."""
    entry = {
        "host": "127.0.0.1",
        "port": vm_world.port,
        "scheme": "http",
        "api_key": vm_world.token,
    }
    reader = {**entry, "api_key": READER}
    (tmp_path / "pvc.json").write_text(json.dumps({"admin": entry, "reader": reader}))
    monkeypatch.setenv("PVC_CLIENT_DIR", str(tmp_path))
    monkeypatch.setattr(timing, "POLL_SECONDS", 0.02)

    def run(*words: str, connection: str = "admin") -> tuple[int, str, str]:
        code = main(["-q", "-c", connection, *words], record=lambda _: None)
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return run


@pytest.fixture
def web1(pvc: Pvc, worker: Worker, tmp_path: Path) -> Iterator[str]:
    """A VM that is off; gone after the test."""
    file = tmp_path / "web1.xml"
    file.write_text(XML)
    code, out, err = pvc("vm", "define", str(file), "-t", "hv1", "-g", "web", "-G", "kept")
    assert (code, err) == (0, "")
    assert out.strip()
    yield "web1"
    worker.remove()

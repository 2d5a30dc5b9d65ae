"""The real root with its real workers beside a real Zookeeper: schema, refusal, absence."""

import contextlib
import os
import signal
import time
from collections.abc import Iterator

import pytest

from cluster.schema.versions import NEWEST
from cluster.store.store import Write
from cluster.store.zookeeper import ZookeeperStore
from runtime.config.node import StoreSection
from runtime.deadline import Deadline
from tests.api_process import fill
from tests.fakes.old_trees import old_tree
from tests.process.real_root import REPOSITORY, RealRoot, eventually
from tests.zookeeper import Ensemble, need_zookeeper, zookeeper

pytestmark = pytest.mark.zookeeper
ROOT = REPOSITORY / "tests" / "process" / "real_workers_root.py"


@pytest.fixture
def ensemble() -> Iterator[Ensemble]:
    need_zookeeper()
    with zookeeper() as running:
        yield running


@pytest.fixture
def store(ensemble: Ensemble) -> Iterator[ZookeeperStore]:
    opened = ZookeeperStore(StoreSection(hosts=ensemble.hosts))
    opened.start(Deadline.after(20.0))
    yield opened
    opened.close()


@contextlib.contextmanager
def tree(ensemble: Ensemble) -> Iterator[RealRoot]:
    root = RealRoot([], port=int(ensemble.hosts[0].rpartition(":")[2]))
    try:
        yield root.start((str(ROOT), str(root.where / "state")))
    finally:
        root.close()


def state_of(root: RealRoot, worker: str) -> str:
    workers = root.facts()["workers"]
    assert isinstance(workers, dict)
    return str(workers[worker]["state"])


def test_an_old_tree_is_migrated_and_the_root_becomes_a_fresh_image(
    ensemble: Ensemble, store: ZookeeperStore
) -> None:
    old = old_tree(15)
    for name in ("hv1", "hv2", "hv3"):
        old[f"/nodes/{name}/daemonstate"] = b"stop"
    fill(store, old)
    with tree(ensemble) as root:
        eventually(lambda: "root_reexecuted" in root.log(), 30, root)
        eventually(lambda: state_of(root, "console") == "running", 30, root)
        version = store.read("/schema/version", Deadline.after(5.0))
        assert version is not None
        assert version.data == str(NEWEST).encode()
        assert root.process is not None
        assert root.process.poll() is None
        assert list((root.where / "state" / "schema-backups").iterdir())


def test_a_newer_tree_is_refused_and_keepalive_runs_on(
    ensemble: Ensemble, store: ZookeeperStore
) -> None:
    fill(store, {"/schema": b"", "/schema/version": b"99"})
    with tree(ensemble) as root:
        eventually(lambda: "99" in str(root.facts()["schema"]), 20, root)
        eventually(lambda: state_of(root, "console") == "waiting", 20, root)
        assert str(NEWEST) in str(root.facts()["schema"])
        assert state_of(root, "keepalive") == "running"


def test_another_root_that_changes_the_version_restarts_this_tree(
    ensemble: Ensemble, store: ZookeeperStore
) -> None:
    with tree(ensemble) as root:
        eventually(lambda: state_of(root, "console") == "running", 30, root)
        store.apply([Write("/schema/version", b"99")], Deadline.after(5.0))
        eventually(lambda: "root_reexecuted" in root.log(), 20, root)
        eventually(lambda: state_of(root, "keepalive") == "running", 20, root)
        eventually(lambda: state_of(root, "console") == "waiting", 10, root)
        store.apply([Write("/schema/version", str(NEWEST).encode())], Deadline.after(5.0))
        eventually(lambda: state_of(root, "console") == "running", 30, root)


def test_the_tree_starts_while_zookeeper_is_down_and_settles_when_it_comes() -> None:
    need_zookeeper()
    with zookeeper() as ensemble:
        member = ensemble.members[0]
        member.kill()
        with tree(ensemble) as root:
            eventually(lambda: root.facts()["tree"] == "running", 30, root)
            member.start()
            eventually(lambda: "node_registered" in root.log(), 40, root)
            began = time.monotonic()
            root.signal(signal.SIGTERM)
            assert root.wait(20) == 0
            assert time.monotonic() - began < 10.0


def test_a_frozen_zookeeper_does_not_hold_supervision_up(ensemble: Ensemble) -> None:
    with tree(ensemble) as root:
        eventually(lambda: state_of(root, "console") == "running", 30, root)
        member = ensemble.members[0]
        os.kill(member.pid, signal.SIGSTOP)
        try:
            before = root.log().count("worker_executed")
            victim = root.children()[0]
            os.kill(victim, signal.SIGKILL)
            eventually(lambda: root.log().count("worker_executed") > before, 2, root)
            eventually(lambda: state_of(root, "console") == "running", 20, root)
            root.signal(signal.SIGTERM)
            assert root.wait(20) == 0
        finally:
            os.kill(member.pid, signal.SIGCONT)

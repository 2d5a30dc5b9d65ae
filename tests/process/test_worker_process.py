"""Real worker processes under the least of a root: start, hang, death, and the root's death."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from bus.messages import Beat, Facts, StopReason, TreeState
from cluster.store.store import Create
from cluster.store.zookeeper import ZookeeperStore
from runtime.deadline import Deadline
from runtime.exitcode import ExitCode
from supervisor.process import SpawnLauncher
from tests.memory import pss_mib
from tests.process.tiny_root import TinyRoot, tiny_root
from tests.zookeeper import Ensemble, need_zookeeper, wait_until, zookeeper
from workers.zookeeper_session import open_session

NOWHERE = ["127.0.0.1:1"]
WORKERS = ("keepalive", "console")


@pytest.fixture(scope="module")
def ensemble() -> Iterator[Ensemble]:
    need_zookeeper()
    with zookeeper() as ensemble:
        yield ensemble


@pytest.fixture
def store(ensemble: Ensemble) -> Iterator[ZookeeperStore]:
    with tiny_root(ensemble.hosts) as root:
        store = open_session(root.config.store)
    wait_until(lambda: store.session().state == "connected")
    paths = ["/schema", "/nodes", "/nodes/hv1", "/faults", "/logs", "/logs/hv1"]
    known = store.read_many(paths, after())
    missing = [Create(path, b"") for path in paths if known[path] is None]
    if missing:
        store.apply([*missing, Create("/schema/version", b"16")], after())
    yield store
    store.close()


def after(seconds: float = 3.0) -> Deadline:
    return Deadline.after(seconds)


def text(store: ZookeeperStore, path: str) -> str:
    value = store.read(path, after())
    return "" if value is None else value.data.decode()


def is_gone(pid: int) -> bool:
    """Whether a process that is not our child has ended (a zombie has)."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return True
    return stat.rpartition(")")[2].split()[0] == "Z"


@pytest.mark.parametrize("worker", WORKERS)
def test_a_worker_beats_without_any_store_and_ends_when_asked(worker: str) -> None:
    with tiny_root(NOWHERE) as root:
        process = root.start(worker)
        beat = root.beat(worker)
        assert (beat.worker, beat.incarnation) == (worker, 1)
        assert beat.note or root.beat(worker).note
        title = Path(f"/proc/{process.pid}/cmdline").read_bytes().split(b"\0")[0]
        assert title.decode() == f"pvcnoded: {worker}"
        start = time.monotonic()
        root.stop(worker, StopReason.LEAVING)
        assert root.ended(worker) == ExitCode.OK
        assert time.monotonic() - start < 3.0


@pytest.mark.parametrize("worker", WORKERS)
def test_a_sigterm_ends_a_worker_in_order(worker: str) -> None:
    with tiny_root(NOWHERE) as root:
        process = root.start(worker)
        root.beat(worker)
        os.kill(process.pid, signal.SIGTERM)
        assert root.ended(worker) == ExitCode.OK


@pytest.mark.parametrize("worker", WORKERS)
def test_a_killed_worker_is_back_soon(worker: str) -> None:
    with tiny_root(NOWHERE) as root:
        root.start(worker)
        root.beat(worker)
        root.processes[worker].kill()
        assert root.ended(worker) == -signal.SIGKILL
        start = time.monotonic()
        root.start(worker)
        root.beat(worker)
        assert time.monotonic() - start < 2.0


def test_a_stopped_worker_beats_no_more_and_goes_on_when_let() -> None:
    with tiny_root(NOWHERE) as root:
        process = root.start("keepalive")
        root.beat("keepalive")
        os.kill(process.pid, signal.SIGSTOP)
        with pytest.raises(AssertionError):
            root.hear(0.3, lambda _: False)
        with pytest.raises(AssertionError):
            root.hear(1.5, lambda message: isinstance(message, Beat))
        os.kill(process.pid, signal.SIGCONT)
        root.beat("keepalive")


def test_orders_that_are_not_ours_are_a_bug_and_another_parent_is_no_parent() -> None:
    command = [sys.executable, "-P", "-m", "workers.console"]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    ended = subprocess.run(command, input=b"{}", env=environment, timeout=20, capture_output=True)
    assert ended.returncode == ExitCode.OUR_BUG
    assert b"Traceback" in ended.stderr


ROOT_THAT_DIES = """
import os, sys, time
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from tests.process.tiny_root import TinyRoot
root = TinyRoot(Path(sys.argv[2]), ["127.0.0.1:1"])
for worker in ("keepalive", "console"):
    pid = root.start(worker).pid
    print(pid, flush=True)
    if sys.argv[3] == "started":
        root.beat(worker)
print("ready", flush=True)
time.sleep(1000)
"""


@pytest.mark.parametrize("moment", ["started", "starting"])
@pytest.mark.parametrize("is_stopped", [False, True])
def test_no_worker_outlives_the_root(tmp_path: Path, moment: str, is_stopped: bool) -> None:
    here = str(Path(__file__).parents[2])
    folder = Path(f"/tmp/pvc-dying-{os.getpid()}-{moment}-{is_stopped:d}")
    command = [sys.executable, "-c", ROOT_THAT_DIES, here, str(folder), moment]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=here, text=True) as root:
        assert root.stdout is not None
        pids = [int(root.stdout.readline()) for _ in range(2)]
        assert root.stdout.readline() == "ready\n"
        if is_stopped:
            for pid in pids:
                # As late in its start as a worker can be stopped without having begun to run.
                wait_until(lambda pid=pid: _is_tied(pid))  # type: ignore[misc]
                os.kill(pid, signal.SIGSTOP)
        start = time.monotonic()
        root.kill()
        root.wait()
        wait_until(lambda: all(is_gone(pid) for pid in pids), 5.0)
        took = time.monotonic() - start
    subprocess.run(["rm", "-rf", str(folder)], check=True)
    # One that was just executed first has to come to the line that looks for its parent.
    assert took < (0.5 if moment == "started" or is_stopped else 3.0)


def _is_tied(pid: int) -> bool:
    """Whether the worker has come past its first import (ctypes), after which it is tied."""
    maps = Path(f"/proc/{pid}/maps").read_text()
    return "zmq" in maps or "kazoo" in maps


@pytest.mark.zookeeper
def test_keepalive_writes_its_keys_and_leaves_with_its_last_beat(
    ensemble: Ensemble, store: ZookeeperStore
) -> None:
    with tiny_root(ensemble.hosts) as root:
        root.start("keepalive")
        root.beat("keepalive")
        root.tell_tree(TreeState.STARTING)
        wait_until(lambda: text(store, "/nodes/hv1/daemonstate") == "init")
        root.tell_tree(TreeState.RUNNING)
        wait_until(lambda: text(store, "/nodes/hv1/daemonstate") == "run")
        wait_until(lambda: '"cpu_count"' in text(store, "/nodes/hv1/facts"))
        before = text(store, "/nodes/hv1/beat")
        wait_until(lambda: text(store, "/nodes/hv1/beat") != before)
        assert json.loads(text(store, "/nodes/hv1/presence"))["run"] == "run-1"
        root.stop("keepalive", StopReason.LEAVING)
        assert root.ended("keepalive") == ExitCode.OK
        assert text(store, "/nodes/hv1/daemonstate") == "stop"
        assert text(store, "/nodes/hv1/presence") == ""


@pytest.mark.zookeeper
def test_a_killed_keepalive_takes_its_presence_over_and_beats_on(
    ensemble: Ensemble, store: ZookeeperStore
) -> None:
    with tiny_root(ensemble.hosts) as root:
        root.start("keepalive")
        wait_until(lambda: text(store, "/nodes/hv1/presence"))
        old = store.read("/nodes/hv1/presence", after())
        assert old is not None
        root.processes["keepalive"].kill()
        root.ended("keepalive")
        before = text(store, "/nodes/hv1/beat")
        start = time.monotonic()
        root.start("keepalive")
        wait_until(lambda: text(store, "/nodes/hv1/beat") not in ("", before), 5.0)
        assert time.monotonic() - start < 2.5

        def is_ours() -> bool:
            value = store.read("/nodes/hv1/presence", after())
            return value is not None and value.session != old.session

        wait_until(is_ours, 3.0)


@pytest.mark.zookeeper
def test_keepalive_bears_a_frozen_and_a_dead_zookeeper(
    ensemble: Ensemble, store: ZookeeperStore
) -> None:
    member = ensemble.members[0]
    with tiny_root(ensemble.hosts) as root:
        root.start("keepalive")
        wait_until(lambda: text(store, "/nodes/hv1/beat"))
        member.stop()
        beats = _beats(root, 6.0)
        member.cont()
        assert max(b - a for a, b in pairwise(beats)) < 1.1
        member.kill()
        beats = _beats(root, 3.0)
        assert max(b - a for a, b in pairwise(beats)) < 1.1
        member.start()
        ensemble.wait_serving()
        before = ""
        wait_until(lambda: store.session().state == "connected", 10.0)
        before = text(store, "/nodes/hv1/beat")
        wait_until(lambda: text(store, "/nodes/hv1/beat") != before, 10.0)
        wait_until(lambda: text(store, "/nodes/hv1/presence"), 5.0)


def _beats(root: TinyRoot, seconds: float) -> list[float]:
    end, times = time.monotonic() + seconds, list[float]()
    while time.monotonic() < end:
        root.beat("keepalive", 3.0)
        times.append(time.monotonic())
    return times


@pytest.mark.zookeeper
def test_console_stores_lines_of_the_tree_and_tells_its_facts(
    ensemble: Ensemble, store: ZookeeperStore
) -> None:
    with tiny_root(ensemble.hosts) as root:
        root.start("console")
        root.hear(10.0, lambda message: isinstance(message, Facts) and message.worker == "console")
        root.start("keepalive")

        def stored() -> str:
            names = store.children("/logs/hv1", after()) or ()
            return "\n".join(text(store, f"/logs/hv1/{name}") for name in names)

        wait_until(lambda: "keepalive: worker_started" in stored())
        assert " info console: worker_started" in stored()


@pytest.mark.zookeeper
def test_keepalive_is_small(ensemble: Ensemble, store: ZookeeperStore) -> None:
    with tiny_root(ensemble.hosts) as root:
        launcher = SpawnLauncher()
        pids = [root.start(worker, launcher=launcher).pid for worker in WORKERS]
        wait_until(lambda: '"cpu_count"' in text(store, "/nodes/hv1/facts"))
        print({worker: round(pss_mib(pid), 1) for worker, pid in zip(WORKERS, pids, strict=True)})
        assert pss_mib(pids[0]) < 20.0

"""The real console worker on a real Zookeeper, with guests that print into real files."""

import os
import signal
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from bus.messages import Beat, Facts, StopReason
from bus.topics import Topic
from cluster.model.log import Log
from cluster.records.log_fetch import fetch
from cluster.records.log_record import of_console
from cluster.schema.layout import layout
from cluster.store.store import Create
from cluster.store.zookeeper import ZookeeperStore
from runtime.config.node import StoreSection
from runtime.deadline import Deadline
from runtime.errors import Unavailable
from runtime.exitcode import ExitCode
from tests.fakes.printing_guest import PrintingGuest
from tests.memory import pss_mib
from tests.process.tiny_root import TinyRoot, tiny_root
from tests.zookeeper import Ensemble, need_zookeeper, wait_until, zookeeper
from workers.zookeeper_session import open_session

KEYS = layout(16)
pytestmark = pytest.mark.zookeeper


def after(seconds: float = 3.0) -> Deadline:
    return Deadline.after(seconds)


@pytest.fixture(scope="module")
def ensemble() -> Iterator[Ensemble]:
    need_zookeeper()
    with zookeeper() as ensemble:
        yield ensemble


@pytest.fixture
def store(ensemble: Ensemble) -> Iterator[ZookeeperStore]:
    store = open_session(StoreSection(hosts=ensemble.hosts))
    wait_until(lambda: store.session().state == "connected")
    content = {"/schema/version": b"16"}
    paths = ["/schema", "/schema/version", "/nodes", "/nodes/hv1", "/faults", "/logs", "/logs/hv1"]
    paths.append("/domains")
    known = store.read_many(paths, after())
    missing = [Create(path, content.get(path, b"")) for path in paths if known[path] is None]
    store.apply(missing, after())
    yield store
    store.close()


class Scene:
    """A console worker, and VMs it is told of."""

    def __init__(self, root: TinyRoot, store: ZookeeperStore, folder: Path) -> None:
        self.root = root
        self.store = store
        self.folder = folder
        self.guests: dict[str, PrintingGuest] = {}

    def guest(self, vm: str, **options: Any) -> PrintingGuest:
        name = f"{vm}-{os.getpid()}-{self.folder.name}"
        self.store.apply(
            [Create(f"/domains/{name}", b"x"), Create(f"/domains/{name}/console", b"")], after()
        )
        guest = self.guests[name] = PrintingGuest(self.folder / f"{vm}.log", **options)
        return guest

    def tell(self) -> None:
        consoles = {vm: {"name": vm, "path": str(g.path)} for vm, g in self.guests.items()}
        facts = Facts(worker="vm", values={"consoles": consoles})
        self.root.voice.send(Topic.FACTS, "vm", facts)

    def log(self, guest: PrintingGuest) -> Log:
        vm = next(vm for vm, one in self.guests.items() if one is guest)
        try:
            return fetch(self.store, of_console(KEYS, vm), after()) or Log()
        except Unavailable:
            return Log()

    def has_all(self, guest: PrintingGuest) -> bool:
        """Whether everything is stored; keeps telling, as the vm worker does."""
        self.tell()
        log = self.log(guest)
        assert log.next_number <= guest.printed, "a line was stored twice"
        return log.next_number == guest.printed

    def check(self, guest: PrintingGuest) -> None:
        """Wait for everything, and see that each line has its own number."""
        wait_until(lambda: self.has_all(guest), 20.0)
        log = self.log(guest)
        assert [line.text for line in log.lines] == [f"line {line.number}" for line in log.lines]
        assert len(log.lines) >= min(guest.printed, 1000)


@pytest.fixture
def scene(ensemble: Ensemble, store: ZookeeperStore, tmp_path: Path) -> Iterator[Scene]:
    with tiny_root(ensemble.hosts) as root:
        scene = Scene(root, store, tmp_path)
        root.start("console")
        root.beat("console")
        yield scene


def test_what_a_guest_prints_is_stored_soon(scene: Scene) -> None:
    guest = scene.guest("a")
    guest.prints(3)
    scene.check(guest)
    begin = time.monotonic()
    guest.prints(1)
    scene.check(guest)
    assert time.monotonic() - begin < 2.0


def test_ten_thousand_lines_a_second_harm_nobody(scene: Scene) -> None:
    loud, quiet = scene.guest("loud", rotate_bytes=400_000), scene.guest("quiet")
    quiet.prints(1)
    loud.prints(1)
    scene.check(loud)
    loud.start(10_000)
    pid = scene.root.processes["console"].pid
    beats = _beats(scene.root, 5.0)
    quiet.prints(1)
    begin = time.monotonic()
    scene.check(quiet)
    assert time.monotonic() - begin < 2.0
    loud.stop()
    assert loud.printed > 20_000
    scene.check(loud)
    assert max(b - a for a, b in pairwise(beats)) < 2.5
    assert pss_mib(pid) < 25.0


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP])
def test_a_killed_worker_goes_on_where_it_was(scene: Scene, number: signal.Signals) -> None:
    guest = scene.guest("a", rotate_bytes=50_000)
    guest.prints(1)
    scene.check(guest)
    guest.start(500)
    for _ in range(4):
        scene.tell()
        scene.root.beat("console")
        time.sleep(0.7)
        process = scene.root.processes["console"]
        os.kill(process.pid, number)
        if number is signal.SIGSTOP:
            time.sleep(0.5)
            process.kill()
        scene.root.ended("console")
        scene.root.start("console")
        scene.root.beat("console")
    guest.stop()
    scene.check(guest)


def test_a_stopped_worker_catches_up(scene: Scene) -> None:
    guest = scene.guest("a", rotate_bytes=50_000)
    guest.prints(1)
    scene.check(guest)
    guest.start(1000)
    os.kill(scene.root.processes["console"].pid, signal.SIGSTOP)
    time.sleep(3.0)
    os.kill(scene.root.processes["console"].pid, signal.SIGCONT)
    guest.stop()
    scene.check(guest)


def test_a_zookeeper_that_dies_and_comes_back(scene: Scene, ensemble: Ensemble) -> None:
    guest = scene.guest("a")
    guest.prints(1)
    scene.check(guest)
    guest.start(100)
    member = ensemble.members[0]
    for _ in range(2):
        time.sleep(0.5)
        member.kill()
        beats = _beats(scene.root, 2.0)
        assert max(b - a for a, b in pairwise(beats)) < 2.5
        member.start()
        ensemble.wait_serving()
        wait_until(lambda: scene.store.session().state == "connected", 20.0)
    guest.stop()
    scene.check(guest)


def test_a_worker_that_is_told_to_end_stores_what_is_there(scene: Scene) -> None:
    guest = scene.guest("a")
    guest.prints(1)
    scene.check(guest)
    guest.prints(5)
    scene.root.stop("console", StopReason.LEAVING)
    assert scene.root.ended("console") == ExitCode.OK
    assert scene.log(guest).next_number == 6


def test_what_cannot_be_read_is_said_in_the_beat(scene: Scene) -> None:
    good = scene.guest("good")
    bad = scene.guest("bad")
    os.mkfifo(bad.path)
    good.prints(2)
    scene.check(good)

    def says_so(message: object) -> bool:
        return isinstance(message, Beat) and "no regular file" in message.note

    scene.root.hear(10.0, says_so)


def _beats(root: TinyRoot, seconds: float) -> list[float]:
    end, times = time.monotonic() + seconds, list[float]()
    while time.monotonic() < end:
        root.beat("console", 5.0)
        times.append(time.monotonic())
    return times

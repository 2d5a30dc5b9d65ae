"""What the adapter and the mirror live through: members killed, frozen, all gone and back.

Each test lets a writer change the tree during the fault, and compares the mirror with a fresh read
afterwards: no entry lost, none left over.
"""

import contextlib
import os
import signal
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterator

import pytest

from cluster.store.mirror import Mirror
from cluster.store.store import Create, SessionState, Write
from cluster.store.zookeeper import ZookeeperStore
from runtime.clock import SYSTEM_CLOCK
from runtime.config.node import StoreSection
from runtime.deadline import Deadline
from runtime.errors import Unavailable
from tests.tree_writer import TreeWriter, fresh_read, mirrored
from tests.zookeeper import Ensemble, need_zookeeper, wait_until, zookeeper

pytestmark = pytest.mark.zookeeper

SESSION_SECONDS = 2.0
DOWN_SECONDS = float(os.environ.get("PVC_OUTAGE_SECONDS", "5"))


@pytest.fixture(scope="module")
def shared() -> Iterator[Ensemble]:
    need_zookeeper()
    with zookeeper(3, tick_ms=500) as ensemble:
        yield ensemble


@pytest.fixture
def three(shared: Ensemble) -> Iterator[Ensemble]:
    """Three members that serve, whatever the test before did to them."""
    shared.start()
    revive(shared)
    yield shared
    for member in shared.members:
        with contextlib.suppress(AssertionError):
            member.cont()


@contextlib.contextmanager
def open_store(ensemble: Ensemble, own: int = 0) -> Iterator[ZookeeperStore]:
    """A store whose own member is number `own`."""
    hosts = ensemble.hosts[own:] + ensemble.hosts[:own]
    store = ZookeeperStore(StoreSection(hosts=hosts, session_timeout_seconds=SESSION_SECONDS))
    try:
        store.start(Deadline.after(20.0))
        yield store
    finally:
        store.close()


def revive(ensemble: Ensemble) -> None:
    """Start all members again when no client can write although they say that they serve.

    Zookeeper 3.8.0 stays so now and then after its members were frozen; what is tested here is
    how we live through it, not how it does.
    """
    with contextlib.suppress(Unavailable), open_store(ensemble) as store:
        store.apply([Create(f"/alive-{time.monotonic_ns()}", b"")], Deadline.after(10.0))
        return
    warnings.warn("the ensemble took no writes and was started again", stacklevel=2)
    ensemble.kill()
    ensemble.start()


def is_connected(store: ZookeeperStore) -> bool:
    return store.session().state is SessionState.CONNECTED


def check_mirrors_through(
    three: Ensemble,
    fault: Callable[[], None],
    heal: Callable[[], None],
    *,
    writes_go_on: bool = False,
) -> None:
    """Write during a fault; compare a mirror on each member with a fresh read afterwards."""
    root = f"/outage-{time.monotonic_ns()}"
    with contextlib.ExitStack() as stack:
        stores = [stack.enter_context(open_store(three, own)) for own in range(3)]
        stores[0].apply([Create(root, b"")], Deadline.after(5.0))
        mirrors = [Mirror(store, root=root) for store in stores]
        for mirror in mirrors:
            mirror.start()
        writer = stack.enter_context(open_store(three, 2))
        with TreeWriter(writer, root) as writing:
            wait_until(lambda: all(m.loaded for m in mirrors) and writing.written > 30)
            before = writing.written
            fault()
            if writes_go_on:
                wait_until(lambda: writing.written > before + 30, 30.0)
            healed = writing.written
            heal()
            revive(three)
            wait_until(lambda: writing.written > healed + 30, 30.0)
        wait_until(lambda: all(is_connected(s) for s in stores), 20.0)
        truth = fresh_read(stores[0], root)
        assert len(truth) > 1
        for mirror in mirrors:
            wait_until(lambda m=mirror: mirrored(m, root) == truth, 15.0)  # type: ignore[misc]
            wait_until(lambda m=mirror: m.age_seconds(SYSTEM_CLOCK.now()) == 0, 5.0)  # type: ignore[misc]


def test_a_follower_is_killed_and_comes_back(three: Ensemble) -> None:
    follower = next(m for m in three.members if m.mode() == "follower")

    check_mirrors_through(three, follower.kill, three.start, writes_go_on=True)


def test_the_leader_is_killed_and_comes_back(three: Ensemble) -> None:
    check_mirrors_through(three, three.leader().kill, three.start, writes_go_on=True)


def test_the_leader_is_frozen(three: Ensemble) -> None:
    leader = three.leader()

    check_mirrors_through(three, leader.stop, leader.cont, writes_go_on=True)


def test_all_members_are_down_and_come_back(three: Ensemble) -> None:
    def fault() -> None:
        three.kill()
        time.sleep(DOWN_SECONDS)

    check_mirrors_through(three, fault, three.start)


def test_all_members_are_frozen_longer_than_a_session(three: Ensemble) -> None:
    def fault() -> None:
        for member in three.members:
            member.stop()
        time.sleep(SESSION_SECONDS * 2)

    def heal() -> None:
        for member in three.members:
            member.cont()

    check_mirrors_through(three, fault, heal)


def test_deadlines_hold_while_all_members_are_frozen(three: Ensemble) -> None:
    with open_store(three) as store:
        store.apply([Create("/frozen", b"")], Deadline.after(5.0))
        for member in three.members:
            member.stop()
        frozen = SYSTEM_CLOCK.now()
        longest = 0.0
        while SYSTEM_CLOCK.now() < frozen + SESSION_SECONDS * 1.5:
            started = time.monotonic()
            with pytest.raises(Unavailable):
                store.read("/frozen", Deadline.after(0.2))
            with pytest.raises(Unavailable), store.lock("/frozen").hold(Deadline.after(0.2)):
                raise AssertionError("held")
            longest = max(longest, time.monotonic() - started)
        assert longest < 0.8
        session = store.session()
        assert session.state is SessionState.SUSPENDED
        assert session.since - frozen < SESSION_SECONDS
        for member in three.members:
            member.cont()
        wait_until(lambda: is_connected(store), 20.0)
        wait_until(lambda: store.children("/frozen", Deadline.after(2.0)) == (), 5.0)


def test_a_busy_client_leaves_its_frozen_member_before_its_session_ends(three: Ensemble) -> None:
    """kazoo alone never does: it pings only when idle, and a steady writer never is."""
    own = next(i for i, m in enumerate(three.members) if m.mode() == "follower")
    with open_store(three, own) as store:
        store.apply([Create("/busy", b"", ephemeral=True)], Deadline.after(5.0))
        number = store.session().number
        three.members[own].stop()
        frozen = time.monotonic()
        deadline = frozen + SESSION_SECONDS * 3
        moved = 0.0
        while time.monotonic() < deadline and not moved:
            with contextlib.suppress(Unavailable):
                pending = store.begin([Write("/busy", b"x")])
                time.sleep(0.2)
                if pending.is_done():
                    pending.check()
                    moved = time.monotonic() - frozen
        three.members[own].cont()
        assert 0.0 < moved < SESSION_SECONDS
        assert store.session().number == number


def test_a_process_frozen_longer_than_its_session_knows_it(three: Ensemble) -> None:
    command = [sys.executable, "-m", "tests.frozen_client", three.hosts[0], str(SESSION_SECONDS)]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    try:
        key = child.stdout.readline().strip()
        with open_store(three, 1) as store:
            assert store.read(key, Deadline.after(5.0)) is not None
            os.kill(child.pid, signal.SIGSTOP)
            wait_until(lambda: store.read(key, Deadline.after(5.0)) is None, 10.0)
            os.kill(child.pid, signal.SIGCONT)
            assert child.stdout.readline().split() == ["ended", "lock-lost", "connected", "new"]
    finally:
        child.kill()
        child.wait()

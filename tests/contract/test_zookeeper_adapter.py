"""What only the adapter on a real Zookeeper can show: kazoo's traps, credentials, reconnects."""

import threading
import time
from collections.abc import Callable, Iterator

import pytest

from cluster.store.kazoo_client import MOST_QUEUED
from cluster.store.mirror import Mirror
from cluster.store.store import Create, Delete, Pending, SessionState, Write
from cluster.store.zookeeper import ZookeeperStore
from runtime.clock import SYSTEM_CLOCK
from runtime.config.node import StoreSection
from runtime.deadline import Deadline
from runtime.errors import Conflict, NotFound, StoreUnavailable, Unavailable
from tests.relay import Relay
from tests.store_worlds import soon
from tests.tree_writer import TreeWriter, fresh_read, mirrored
from tests.zookeeper import Ensemble, wait_until

pytestmark = pytest.mark.zookeeper

Opener = Callable[..., ZookeeperStore]


@pytest.fixture
def relay(one_member: Ensemble) -> Iterator[Relay]:
    relay = Relay(one_member.members[0].port)
    yield relay
    relay.close()


@pytest.fixture
def opened(one_member: Ensemble) -> Iterator[Opener]:
    """Open stores that are closed at the end; behind a relay when one is given."""
    stores: list[ZookeeperStore] = []

    def open_one(
        relay: Relay | None = None, *, username: str = "", password: str = "", seconds: float = 2.0
    ) -> ZookeeperStore:
        host = relay.host if relay is not None else one_member.hosts[0]
        section = StoreSection(
            hosts=(host,), username=username, password=password, session_timeout_seconds=seconds
        )
        stores.append(ZookeeperStore(section))
        stores[-1].start(Deadline.after(10.0))
        return stores[-1]

    yield open_one
    for store in stores:
        store.close()


def new_key(store: ZookeeperStore) -> str:
    key = f"/adapter-{time.monotonic_ns()}"
    store.apply([Create(key, b"")], soon())
    return key


def is_connected(store: ZookeeperStore) -> bool:
    return store.session().state is SessionState.CONNECTED


def test_starting_never_blocks_and_the_server_may_come_later(one_member: Ensemble) -> None:
    relay = Relay(one_member.members[0].port)
    relay.cut()
    store = ZookeeperStore(StoreSection(hosts=(relay.host,), session_timeout_seconds=2.0))
    heard: list[str | None] = []
    store.watch("/", heard.append)
    started = time.monotonic()
    store.start()
    assert time.monotonic() - started < 0.2
    assert (store.session().state, store.session().number) == (SessionState.ENDED, 0)
    with pytest.raises(StoreUnavailable):
        store.read("/", Deadline.after(0.1))
    relay.heal()
    wait_until(lambda: is_connected(store) and heard == [None])
    store.close()
    relay.close()


def test_the_credential_closes_keys_and_a_wrong_one_is_named(opened: Opener) -> None:
    right = opened(username="pvc", password="secret")
    wrong, none = opened(username="pvc", password="wrong"), opened()
    key = new_key(right)
    assert right.read(key, soon()) is not None
    for other in (wrong, none):
        started = time.monotonic()
        calls: list[Callable[[], object]] = [
            lambda o=other: o.read(key, soon()),  # type: ignore[misc]
            lambda o=other: o.children_many([key], soon()),  # type: ignore[misc]
            lambda o=other: o.apply([Write(key, b"")], soon()),  # type: ignore[misc]
            lambda o=other: o.lock(key).hold(soon()).__enter__(),  # type: ignore[misc]
        ]
        for call in calls:
            with pytest.raises(StoreUnavailable, match="credential"):
                call()
        assert time.monotonic() - started < 2.0
    with right.lock(key).hold(soon()):
        (name,) = right.children(key, soon()) or ()
        with pytest.raises(StoreUnavailable, match="credential"):
            none.read(f"{key}/{name}", soon())


def test_a_mirror_that_may_not_read_a_key_says_so_and_goes_on_when_it_may(opened: Opener) -> None:
    owner, stranger = opened(username="pvc", password="secret"), opened()
    root = new_key(stranger)
    owner.apply([Create(f"{root}/closed", b"")], soon())
    mirror = Mirror(stranger, root=root)
    mirror.start()
    wait_until(lambda: "refuses our credential" in mirror.trouble)
    assert not mirror.loaded
    owner.apply([Delete(f"{root}/closed")], soon())
    wait_until(lambda: mirror.loaded and not mirror.trouble)
    mirror.close()


def test_a_blocking_call_in_the_stores_thread_raises_instead_of_hanging(opened: Opener) -> None:
    store, other = opened(), opened()
    key = new_key(store)
    caught: list[BaseException] = []

    def misbehave(_: str | None) -> None:
        calls: list[Callable[[], object]] = [
            lambda: store.read(key, soon()),
            lambda: store.apply([Write(key, b"")], soon()),
            lambda: store.lock(key).hold(soon()).__enter__(),
        ]
        for call in calls:
            try:
                call()
            except RuntimeError as error:
                caught.append(error)

    store.watch(key, misbehave)
    # Set in the caretaker's thread, where waiting is possible; the event comes in kazoo's.
    wait_until(lambda: other.read(key, soon()))
    time.sleep(0.1)
    other.apply([Write(key, b"x")], soon())
    wait_until(lambda: len(caught) >= 3)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_client_that_kazoo_has_given_up_is_started_again(opened: Opener) -> None:
    store, other = opened(), opened()
    key = new_key(store)
    is_armed = threading.Event()

    def break_kazoo(path: str | None) -> None:
        if path is not None and not is_armed.is_set():
            is_armed.set()
            raise ValueError("kazoo's loop ends on what it does not expect")

    store.watch(key, break_kazoo)
    wait_until(lambda: store._caretaker._set_on)
    number = store.session().number
    other.apply([Write(key, b"x")], soon())
    wait_until(lambda: is_armed.is_set() and is_connected(store), 15.0)
    wait_until(lambda: store.read(key, Deadline.after(5.0)) is not None)
    assert number


def test_too_many_requests_under_way_are_refused_and_never_block(
    opened: Opener, relay: Relay
) -> None:
    store = opened(relay, seconds=20.0)
    key = new_key(store)
    relay.hang()
    pending: list[Pending] = []
    big = b"x" * 100_000
    longest = 0.0
    refused = 0
    for _ in range(MOST_QUEUED * 3):
        started = time.monotonic()
        try:
            pending.append(store.begin([Write(key, big)]))
        except StoreUnavailable:
            refused += 1
        longest = max(longest, time.monotonic() - started)
    assert longest < 0.5
    assert refused > 0
    relay.heal()
    wait_until(lambda: all(one.is_done() for one in pending), 20.0)
    wait_until(lambda: store.read(key, Deadline.after(5.0)) is not None)


def test_a_hanging_server_is_left_within_the_session(opened: Opener, relay: Relay) -> None:
    store = opened(relay)
    key = new_key(store)
    relay.hang()
    started = time.monotonic()
    while is_connected(store):
        try:
            store.begin([Write(key, b"x")])
        except Unavailable:
            break
        time.sleep(0.05)
    assert time.monotonic() - started < 1.5
    relay.heal()
    wait_until(lambda: is_connected(store))


def test_an_interrupted_lock_leaves_nothing_behind(opened: Opener, relay: Relay) -> None:
    store, other = opened(relay), opened()
    key = new_key(other)
    for round_number in range(12):
        interrupted = threading.Timer(0.0005 * round_number, relay.drop)
        interrupted.start()
        try:
            with store.lock(key).hold(Deadline.after(1.0)):
                pass
        except (StoreUnavailable, Conflict, Unavailable):
            pass
        interrupted.join()
    wait_until(lambda: is_connected(store))
    wait_until(lambda: other.children(key, soon()) == (), 5.0)
    with other.lock(key).hold(soon()):
        pass


def test_a_lock_whose_key_is_deleted_meanwhile_is_not_found(opened: Opener) -> None:
    store = opened()
    with pytest.raises(NotFound), store.lock(f"/no-{time.monotonic_ns()}").hold(soon()):
        raise AssertionError("held")


def test_closing_takes_no_longer_than_a_call_even_when_the_server_hangs(
    opened: Opener, relay: Relay
) -> None:
    store = opened(relay, seconds=20.0)
    relay.hang()
    started = time.monotonic()
    store.close()
    assert time.monotonic() - started < 3.0


def test_a_mirror_is_right_after_many_reconnects(opened: Opener, relay: Relay) -> None:
    store, writer = opened(relay), opened()
    root = new_key(writer)
    mirror = Mirror(store, root=root)
    mirror.start()
    for round_number in range(25):
        with TreeWriter(writer, root, seed=round_number):
            wait_until(lambda: mirror.loaded)
            relay.drop()
            time.sleep(0.01 * (round_number % 8))
            relay.drop()
            time.sleep(0.05)
        truth = fresh_read(writer, root)
        wait_until(lambda t=truth: mirrored(mirror, root) == t)  # type: ignore[misc]
        wait_until(lambda: mirror.age_seconds(SYSTEM_CLOCK.now()) == 0)
    mirror.close()


def test_a_mirror_is_not_wedged_by_a_hanging_server(opened: Opener, relay: Relay) -> None:
    store, writer = opened(relay, seconds=20.0), opened()
    root = new_key(writer)
    mirror = Mirror(store, root=root, call_seconds=0.3, probe_seconds=0.2)
    mirror.start()
    wait_until(lambda: mirror.loaded and mirror.age_seconds(SYSTEM_CLOCK.now()) == 0)
    # At any moment: before an event, or between it and the answer to the read.
    threading.Timer(0.05, relay.hang).start()
    with TreeWriter(writer, root):
        wait_until(lambda: mirror.age_seconds(SYSTEM_CLOCK.now()) > 1.0, 5.0)
        assert mirror.get(root) is not None
        relay.heal()
        time.sleep(0.2)
    truth = fresh_read(writer, root)
    wait_until(lambda: mirrored(mirror, root) == truth)

"""What every store's lock keeps to."""

import threading
import time

import pytest

from cluster.store.store import Create, Delete
from runtime.deadline import Deadline
from runtime.errors import Conflict, NotFound, StoreUnavailable
from tests.store_worlds import World, soon
from tests.zookeeper import wait_until


def test_a_lock_on_a_missing_key_fails_at_once_and_creates_nothing(world: World) -> None:
    store, key = world.store(), f"{world.root}/no"
    started = time.monotonic()
    with pytest.raises(NotFound), store.lock(key).hold(Deadline.after(5.0)):
        raise AssertionError("held")
    assert time.monotonic() - started < 1.0
    assert store.read(key, soon()) is None


def test_a_lock_is_held_inside_and_leaves_nothing(world: World) -> None:
    store = world.store()
    lock = store.lock(world.root)
    assert not lock.is_held()
    with lock.hold(soon()):
        assert lock.is_held()
        (name,) = store.children(world.root, soon()) or ()
        assert "__lock__" in name
    assert not lock.is_held()
    assert store.children(world.root, soon()) == ()
    with lock.hold(soon()):
        assert lock.is_held()


def test_the_second_waits_only_until_its_deadline(world: World) -> None:
    one, other = world.store(), world.store()
    with one.lock(world.root).hold(soon()):
        second = other.lock(world.root)
        started = time.monotonic()
        with pytest.raises(Conflict), second.hold(Deadline.after(0.3)):
            raise AssertionError("held twice")
        assert 0.25 < time.monotonic() - started < 1.5
        assert not second.is_held()
        assert len(one.children(world.root, soon()) or ()) == 1
    with second.hold(soon()):
        assert second.is_held()


def test_one_at_a_time_and_each_in_turn(world: World) -> None:
    inside: list[int] = []
    most = 0

    def work(number: int) -> None:
        nonlocal most
        store = world.store()
        for _ in range(3):
            with store.lock(world.root).hold(Deadline.after(20.0)):
                inside.append(number)
                most = max(most, len(inside))
                time.sleep(0.005)
                inside.remove(number)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30.0)
    assert most == 1
    assert not any(thread.is_alive() for thread in threads)


def test_a_lock_is_not_believed_while_suspended(world: World) -> None:
    store = world.store()
    lock = store.lock(world.root)
    with lock.hold(soon()):
        world.suspend(store)
        assert not lock.is_held()
        world.resume(store)
        assert lock.is_held(), "the same session still owns the node"


def test_a_lock_ends_with_its_session(world: World) -> None:
    one, other = world.store(), world.store()
    lock = one.lock(world.root)
    with lock.hold(soon()):
        world.expire(one)
        with other.lock(world.root).hold(soon()):
            world.resume(one)
            assert not lock.is_held()
    assert other.children(world.root, soon()) == ()


def test_releasing_while_suspended_takes_no_time_and_is_made_good(world: World) -> None:
    one, other = world.store(), world.store()
    lock = one.lock(world.root)
    started = time.monotonic()
    with lock.hold(soon()):
        world.suspend(one)
        started = time.monotonic()
    assert time.monotonic() - started < 0.3
    world.resume(one)
    wait_until(lambda: other.children(world.root, soon()) == ())


def test_no_lock_without_a_connection(world: World) -> None:
    store = world.store()
    world.suspend(store)
    with pytest.raises(StoreUnavailable), store.lock(world.root).hold(Deadline.after(0.1)):
        raise AssertionError("held")


def test_the_end_of_a_waiting_session_is_no_lock(world: World) -> None:
    one, other = world.store(), world.store()
    errors: list[BaseException] = []

    def wait() -> None:
        try:
            with other.lock(world.root).hold(Deadline.after(8.0)):
                errors.append(AssertionError("held"))
        except StoreUnavailable as error:
            errors.append(error)

    with one.lock(world.root).hold(soon()):
        waiting = threading.Thread(target=wait)
        waiting.start()
        wait_until(lambda: len(one.children(world.root, soon()) or ()) == 2)
        world.expire(other)
        world.resume(other)
        waiting.join(8.0)
    assert [type(error) for error in errors] == [StoreUnavailable]


def test_readers_of_the_earlier_implementation_are_waited_for(world: World) -> None:
    one, other = world.store(), world.store()
    reader = f"{world.root}/{'0' * 32}__rlock__0000000000"
    one.apply([Create(reader, b"", ephemeral=True)], soon())
    with pytest.raises(Conflict), other.lock(world.root).hold(Deadline.after(0.2)):
        raise AssertionError("held")
    one.apply([Delete(reader)], soon())
    with other.lock(world.root).hold(soon()):
        pass

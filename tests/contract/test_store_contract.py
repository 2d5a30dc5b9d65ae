"""What every store keeps to: keys, transactions, sessions, deadlines."""

import time
from typing import get_args

import pytest

from cluster.store.store import (
    Change,
    Check,
    Create,
    Delete,
    Pending,
    Session,
    SessionState,
    Value,
    Write,
)
from runtime.deadline import Deadline
from runtime.errors import Conflict, Invalid, NotFound, PvcError, StoreUnavailable
from tests.store_worlds import World, soon
from tests.zookeeper import wait_until


def test_a_missing_key_reads_as_none(world: World) -> None:
    store = world.store()
    assert store.read(f"{world.root}/no", soon()) is None
    assert store.children(f"{world.root}/no", soon()) is None
    assert store.read(f"{world.root}/no/deeper", soon()) is None


def test_a_key_is_created_written_and_deleted(world: World) -> None:
    store, key = world.store(), f"{world.root}/key"
    store.apply([Create(key, b"one")], soon())
    assert store.read(key, soon()) == Value(b"one", 0)
    store.apply([Write(key, b"two")], soon())
    assert store.read(key, soon()) == Value(b"two", 1)
    store.apply([Delete(key)], soon())
    assert store.read(key, soon()) is None


def test_empty_data_is_empty_not_missing(world: World) -> None:
    store, key = world.store(), f"{world.root}/key"
    store.apply([Create(key, b"")], soon())
    assert store.read(key, soon()) == Value(b"", 0)


def test_children_are_sorted_names_and_counted(world: World) -> None:
    store = world.store()
    store.apply([Create(f"{world.root}/{name}", b"") for name in ("b", "a", "c")], soon())
    assert store.children(world.root, soon()) == ("a", "b", "c")
    assert store.children(f"{world.root}/a", soon()) == ()
    value = store.read(world.root, soon())
    assert value is not None
    assert value.child_count == 3


def test_many_are_read_in_one_burst(world: World) -> None:
    store = world.store()
    paths = [f"{world.root}/{number}" for number in range(1200)]
    for start in range(0, 1200, 400):
        changes = [Create(path, path.encode()) for path in paths[start : start + 400]]
        store.apply(changes, soon())
    missing = f"{world.root}/no"
    values = store.read_many([*paths, missing], soon())
    assert [v.data for p in paths if (v := values[p])] == [path.encode() for path in paths]
    assert values[missing] is None
    names = store.children_many([world.root, paths[0], missing], soon())
    assert len(names[world.root] or ()) == 1200
    assert names[paths[0]] == ()
    assert names[missing] is None


def test_nothing_to_read_or_change_is_no_fault(world: World) -> None:
    store = world.store()
    assert store.read_many([], soon()) == {}
    store.apply([], soon())
    assert store.begin([]).is_done()


@pytest.mark.parametrize("path", ["", "key", "/key/", "//key", "/a//b", "/a/../b"])
def test_what_is_no_path_is_invalid(world: World, path: str) -> None:
    store = world.store()
    with pytest.raises(Invalid):
        store.read(path, soon())
    with pytest.raises(Invalid):
        store.apply([Create(path, b"")], soon())


def test_what_cannot_be_done_is_refused_by_name(world: World) -> None:
    store, root = world.store(), world.root
    store.apply([Create(f"{root}/a", b""), Create(f"{root}/a/b", b"")], soon())
    refusals: list[tuple[Change, type[PvcError]]] = [
        (Create(f"{root}/a", b""), Conflict),
        (Create(f"{root}/no/key", b""), NotFound),
        (Write(f"{root}/no", b""), NotFound),
        (Write(f"{root}/a", b"", version=7), Conflict),
        (Delete(f"{root}/no"), NotFound),
        (Delete(f"{root}/a"), Conflict),
        (Delete(f"{root}/a/b", version=7), Conflict),
        (Check(f"{root}/a", 7), Conflict),
        (Check(f"{root}/no", 0), NotFound),
    ]
    assert {type(change) for change, _ in refusals} == set(get_args(Change))
    for change, error in refusals:
        with pytest.raises(error) as caught:
            store.apply([change], soon())
        assert caught.value.fields["path"] == change.path


def test_a_transaction_is_all_or_nothing_and_names_the_culprit(world: World) -> None:
    store, root = world.store(), world.root
    store.apply([Create(f"{root}/a", b"old")], soon())
    changes: list[Change] = [
        Write(f"{root}/a", b"new"),
        Create(f"{root}/b", b""),
        Check(f"{root}/a", 9),
        Create(f"{root}/c", b""),
    ]
    with pytest.raises(Conflict) as caught:
        store.apply(changes, soon())
    assert caught.value.fields["index"] == 2
    assert store.read(f"{root}/a", soon()) == Value(b"old", 0)
    assert store.children(root, soon()) == ("a",)


def test_a_transaction_sees_its_own_changes(world: World) -> None:
    store, key = world.store(), f"{world.root}/a"
    store.apply([Create(key, b""), Create(f"{key}/b", b""), Write(f"{key}/b", b"x")], soon())
    assert store.read(f"{key}/b", soon()) == Value(b"x", 1)


def test_a_value_too_large_is_invalid_with_its_size(world: World) -> None:
    store, key = world.store(), f"{world.root}/a"
    with pytest.raises(Invalid) as caught:
        store.apply([Create(key, b"x" * 1_100_000)], soon())
    assert caught.value.fields["path"] == key
    assert int(str(caught.value.fields["size_bytes"])) > 1_100_000
    with pytest.raises(Invalid):
        store.begin([Create(f"{key}{n}", b"x" * 200_000) for n in range(6)])
    store.apply([Create(key, b"x" * 1_000_000)], soon())


def test_ephemeral_keys_carry_their_session_and_go_with_it(world: World) -> None:
    one, other, key = world.store(), world.store(), f"{world.root}/presence"
    one.apply([Create(key, b"", ephemeral=True)], soon())
    value = other.read(key, soon())
    assert value is not None
    assert value.session == one.session().number != other.session().number
    with pytest.raises(Conflict):
        other.apply([Create(f"{key}/below", b"")], soon())
    one.close()
    wait_until(lambda: other.read(key, soon()) is None)


def test_a_short_interruption_keeps_the_session(world: World) -> None:
    one, other, key = world.store(), world.store(), f"{world.root}/presence"
    one.apply([Create(key, b"", ephemeral=True)], soon())
    before = one.session()
    world.suspend(one)
    assert one.session().state is SessionState.SUSPENDED
    assert one.session().since >= before.since
    world.resume(one)
    assert one.session().number == before.number
    assert other.read(key, soon()) is not None


def test_an_ended_session_is_followed_by_another(world: World) -> None:
    one, other, key = world.store(), world.store(), f"{world.root}/presence"
    heard: list[Session] = []
    one.on_session(heard.append)
    one.apply([Create(key, b"", ephemeral=True)], soon())
    before = one.session().number
    world.expire(one)
    assert one.session().state is not SessionState.CONNECTED
    assert other.read(key, soon()) is None
    world.resume(one)
    assert one.session().number not in (0, before)
    states = [session.state for session in heard]
    assert states == [SessionState.SUSPENDED, SessionState.ENDED, SessionState.CONNECTED]
    one.apply([Create(key, b"", ephemeral=True)], soon())


def test_calls_without_connection_end_at_their_deadline(world: World) -> None:
    store = world.store()
    world.suspend(store)
    for call in (
        lambda: store.read(world.root, Deadline.after(0.1)),
        lambda: store.children_many([world.root], Deadline.after(0.1)),
        lambda: store.apply([Create(f"{world.root}/late", b"")], Deadline.after(0.1)),
    ):
        started = time.monotonic()
        with pytest.raises(StoreUnavailable):
            call()
        assert time.monotonic() - started < 0.5
    world.resume(store)
    assert store.children(world.root, soon()) == (), "a refused change was carried out later"


def test_begin_without_connection_raises_at_once(world: World) -> None:
    store = world.store()
    world.suspend(store)
    started = time.monotonic()
    with pytest.raises(StoreUnavailable):
        store.begin([Create(f"{world.root}/late", b"")])
    assert time.monotonic() - started < 0.1
    world.resume(store)
    assert store.children(world.root, soon()) == ()


def test_begin_is_done_by_itself_and_tells_its_error(world: World) -> None:
    store, key = world.store(), f"{world.root}/a"
    first, second = store.begin([Create(key, b"")]), store.begin([Create(key, b"")])
    wait_until(first.is_done)
    first.check()
    wait_until(second.is_done)
    with pytest.raises(Conflict):
        second.check()
    assert store.read(key, soon()) is not None


def test_what_is_begun_is_carried_out_in_order(world: World) -> None:
    store, key = world.store(), f"{world.root}/a"
    store.apply([Create(key, b"")], soon())
    pending: list[Pending] = [store.begin([Write(key, str(n).encode())]) for n in range(50)]
    wait_until(lambda: all(one.is_done() for one in pending))
    assert store.read(key, soon()) == Value(b"49", 50)


def test_a_closed_store_says_so(world: World) -> None:
    store = world.store()
    store.close()
    store.close()
    assert store.session().state is SessionState.ENDED
    with pytest.raises(StoreUnavailable):
        store.read(world.root, soon())
    with pytest.raises(StoreUnavailable):
        store.begin([Create(f"{world.root}/a", b"")])

"""What every store's watches and the mirror on it keep to."""

import pytest

from cluster.store.mirror import Mirror
from cluster.store.store import Create, Delete, Write
from runtime.clock import SYSTEM_CLOCK
from runtime.errors import StoreUnavailable
from tests.store_worlds import World, soon
from tests.zookeeper import wait_until


def test_a_recursive_watch_tells_each_change_below(world: World) -> None:
    store, other, root = world.store(), world.store(), world.root
    heard: list[str | None] = []
    store.watch(root, heard.append, recursive=True)
    wait_until(lambda: heard == [None])
    other.apply([Create(f"{root}/a", b""), Create(f"{root}/a/b", b"")], soon())
    other.apply([Write(f"{root}/a/b", b"x")], soon())
    other.apply([Delete(f"{root}/a/b")], soon())
    below = f"{root}/a/b"
    wait_until(lambda: heard == [None, f"{root}/a", below, below, below])


def test_a_plain_watch_tells_of_its_key_and_the_list_below(world: World) -> None:
    store, other, root = world.store(), world.store(), world.root
    heard: list[str | None] = []
    store.watch(f"{root}/a", heard.append)
    wait_until(lambda: heard == [None])
    other.apply([Create(f"{root}/a", b"")], soon())
    other.apply([Create(f"{root}/a/b", b"")], soon())
    wait_until(lambda: len(heard) == 3)
    other.apply([Create(f"{root}/a/b/c", b""), Create(f"{root}/ab", b"")], soon())
    other.apply([Write(f"{root}/a", b"x")], soon())
    wait_until(lambda: len(heard) == 4)


def test_two_kinds_of_watch_on_one_key_do_not_replace_each_other(world: World) -> None:
    store, other, root = world.store(), world.store(), world.root
    plain: list[str | None] = []
    deep: list[str | None] = []
    store.watch(root, deep.append, recursive=True)
    wait_until(lambda: deep)
    store.watch(root, plain.append)
    wait_until(lambda: plain)
    other.apply([Create(f"{root}/a", b""), Create(f"{root}/a/b", b"")], soon())
    wait_until(lambda: f"{root}/a/b" in deep and len(plain) == 2)


def test_watches_are_set_again_after_a_reconnect(world: World) -> None:
    store, other, root = world.store(), world.store(), world.root
    heard: list[str | None] = []
    store.watch(root, heard.append, recursive=True)
    wait_until(lambda: heard == [None])
    world.suspend(store)
    other.apply([Create(f"{root}/unseen", b"")], soon())
    world.resume(store)
    wait_until(lambda: heard == [None, None])
    other.apply([Create(f"{root}/seen", b"")], soon())
    wait_until(lambda: heard == [None, None, f"{root}/seen"])


def _mirror(world: World) -> Mirror:
    mirror = Mirror(world.store(), root=world.root)
    mirror.start()
    wait_until(lambda: mirror.loaded)
    return mirror


def test_a_mirror_says_nothing_before_it_is_loaded(world: World) -> None:
    mirror = Mirror(world.store(), root=world.root)
    with pytest.raises(StoreUnavailable):
        mirror.get(world.root)
    with pytest.raises(StoreUnavailable):
        mirror.children(world.root)
    assert mirror.age_seconds(SYSTEM_CLOCK.now()) > 0


def test_a_mirror_follows(world: World) -> None:
    other, root = world.store(), world.root
    other.apply([Create(f"{root}/a", b"1"), Create(f"{root}/a/b", b"2")], soon())
    mirror = _mirror(world)
    assert (mirror.get(f"{root}/a"), mirror.version(f"{root}/a")) == (b"1", 0)
    assert mirror.children(root) == ("a",)
    assert mirror.children(f"{root}/a/b") == ()
    assert mirror.children(f"{root}/no") is None
    assert mirror.get(f"{root}/no") is None
    changed: list[frozenset[str] | None] = []
    mirror.on_change(changed.append)
    other.apply([Write(f"{root}/a", b"3"), Create(f"{root}/c", b"", True)], soon())
    wait_until(lambda: mirror.get(f"{root}/c") == b"")
    assert mirror.get(f"{root}/a") == b"3"
    wait_until(lambda: changed == [frozenset({f"{root}/a", f"{root}/c"})])
    value = mirror.value(f"{root}/c")
    assert value is not None
    assert value.session == other.session().number
    wait_until(lambda: mirror.age_seconds(SYSTEM_CLOCK.now()) == 0)


def test_a_mirror_keeps_lock_nodes_out(world: World) -> None:
    other, root = world.store(), world.root
    mirror = _mirror(world)
    with other.lock(root).hold(soon()):
        other.apply([Create(f"{root}/a", b"")], soon())
        wait_until(lambda: mirror.children(root) == ("a",))
        assert _mirror(world).children(root) == ("a",)


def test_a_mirror_forgets_what_is_deleted_and_created_anew(world: World) -> None:
    other, root = world.store(), world.root
    mirror = _mirror(world)
    for number in range(30):
        other.apply([Create(f"{root}/a", b""), Create(f"{root}/a/{number}", b"")], soon())
        other.apply([Delete(f"{root}/a/{number}"), Delete(f"{root}/a")], soon())
    other.apply([Create(f"{root}/a", b"last"), Create(f"{root}/a/end", b"")], soon())
    wait_until(lambda: mirror.children(f"{root}/a") == ("end",))
    assert len(mirror) == 3


def test_a_mirror_stays_readable_and_ages_while_suspended(world: World) -> None:
    store, other, root = world.store(), world.store(), world.root
    other.apply([Create(f"{root}/a", b""), Create(f"{root}/a/b", b"")], soon())
    mirror = Mirror(store, root=root)
    mirror.start()
    wait_until(lambda: mirror.loaded and mirror.age_seconds(SYSTEM_CLOCK.now()) == 0)
    world.suspend(store)
    other.apply([Delete(f"{root}/a/b"), Create(f"{root}/c", b"")], soon())
    assert mirror.children(root) == ("a",)
    assert mirror.age_seconds(SYSTEM_CLOCK.now()) > 0
    world.resume(store)
    wait_until(lambda: mirror.children(root) == ("a", "c"))
    assert mirror.get(f"{root}/a/b") is None
    wait_until(lambda: mirror.age_seconds(SYSTEM_CLOCK.now()) == 0)
    with mirror.frozen(), mirror.frozen():
        assert mirror.children(f"{root}/a") == ()


def test_a_mirror_of_a_missing_key_is_empty_until_it_is_made(world: World) -> None:
    other, root = world.store(), f"{world.root}/later"
    mirror = Mirror(world.store(), root=root)
    mirror.start()
    wait_until(lambda: mirror.loaded)
    assert mirror.get(root) is None
    other.apply([Create(root, b""), Create(f"{root}/a", b"")], soon())
    wait_until(lambda: mirror.children(root) == ("a",))
    other.apply([Delete(f"{root}/a"), Delete(root)], soon())
    wait_until(lambda: len(mirror) == 0)

"""The tree in a mirror's memory: what is put in, taken out, stamped, and any history at all."""

from contextlib import nullcontext

from hypothesis import given
from hypothesis import strategies as st

from cluster.store.mirror_feed import DirtyPaths, MirrorFeed
from cluster.store.mirror_tree import MirrorTree
from cluster.store.paths import name_of, parent_of
from cluster.store.store import Change, Create, Delete, Value, Write
from runtime.errors import Refused
from tests.fakes.ensemble import FakeEnsemble
from tests.fakes.store import FakeStore


def test_taking_out_a_key_takes_out_all_below() -> None:
    tree = MirrorTree("/")
    for path in ("/", "/a", "/a/b", "/a/b/c", "/ab"):
        assert tree.put(path, Value(b"", 0))
    tree.take_changed()
    tree.remove("/a")
    assert set(tree.entries) == {"/", "/ab"}
    assert list(tree.names("/")) == ["ab"]
    assert tree.take_changed() == {"/a", "/a/b", "/a/b/c"}


def test_a_key_without_its_parent_is_not_put_in() -> None:
    tree = MirrorTree("/top")
    assert not tree.put("/top/a", Value(b"", 0))
    assert tree.put("/top", Value(b"", 0))
    assert tree.put("/top/a", Value(b"", 0))


def test_the_same_value_is_no_change() -> None:
    tree = MirrorTree("/")
    tree.put("/", Value(b"x", 3))
    tree.take_changed()
    tree.put("/", Value(b"x", 3, child_count=9))
    assert tree.take_changed() == frozenset()


def test_stamps_tell_which_object_an_update_has_changed() -> None:
    tree = MirrorTree("/")
    for path in ("/", "/d", "/d/x", "/d/x/k", "/d/y", "/d/x/k/deep"):
        tree.put(path, Value(b"", 0))
    tree.stamp(tree.take_changed(), 1)
    assert [tree.stamp_of(f"/d/{name}") for name in "xyz"] == [1, 1, 0]
    tree.put("/d/x/k/deep", Value(b"", 1))
    tree.stamp(tree.take_changed(), 2)
    assert [tree.stamp_of(f"/d/{name}") for name in "xy"] == [2, 1]
    tree.remove("/d/x/k")
    tree.remove("/d/y")
    tree.stamp(tree.take_changed(), 3)
    assert [tree.stamp_of(f"/d/{name}") for name in "xy"] == [3, 0]


paths = st.lists(st.sampled_from("abc"), min_size=1, max_size=3).map(lambda n: "/" + "/".join(n))
changes = st.one_of(
    paths.map(lambda p: Create(p, b"1")),
    paths.map(lambda p: Write(p, b"2")),
    paths.map(lambda p: Delete(p)),
)
steps = st.lists(
    st.one_of(st.lists(changes, min_size=1, max_size=3), st.sampled_from(["look", "reload"])),
    max_size=40,
)


@given(steps)
def test_a_mirror_fed_by_any_history_equals_the_tree(history: list[list[Change] | str]) -> None:
    ensemble, tree, dirty = FakeEnsemble(), MirrorTree("/"), DirtyPaths()
    feed = MirrorFeed(FakeStore(ensemble), tree, nullcontext, 1.0)
    ensemble.listen(dirty.add)
    feed.load()
    for step in history:
        if step == "look":
            feed.refresh(dirty)
        elif step == "reload":
            feed.load()
        elif not isinstance(step, str):
            try:
                ensemble.change(step, 0)
            except Refused:
                continue
    while dirty:
        feed.refresh(dirty)
    known = {path: Value(*entry) for path, entry in tree.entries.items()}
    assert known == {path: ensemble.value(path) for path in known}
    listed = {"/"} | {f"{p.rstrip('/')}/{n}" for p in known for n in ensemble.names(p) or ()}
    assert listed == set(known)
    below = [path for path in known if path != "/"]
    assert all(name_of(path) in tree.names(parent_of(path)) for path in below)

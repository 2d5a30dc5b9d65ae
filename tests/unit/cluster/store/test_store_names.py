"""Paths, names of lock nodes, and what a mirror leaves out."""

import pytest

from cluster.store.lock_names import in_order, is_lock_node, new_prefix
from cluster.store.mirror_feed import is_mirrored
from cluster.store.paths import check_path, child_of, is_below, name_of, parent_of
from runtime.errors import Invalid


@pytest.mark.parametrize("path", ["/", "/a", "/a/b.c", "/a/.b", "/a/b..", "/ä/b c"])
def test_paths(path: str) -> None:
    assert check_path(path) == path


@pytest.mark.parametrize("path", ["", "a", "/a/", "//", "/a//b", "/./a", "/a/..", "/a\0"])
def test_what_is_no_path(path: str) -> None:
    with pytest.raises(Invalid):
        check_path(path)


def test_parents_and_children() -> None:
    assert (parent_of("/a/b"), parent_of("/a"), parent_of("/")) == ("/a", "/", "/")
    assert (name_of("/a/b"), name_of("/a")) == ("b", "a")
    assert (child_of("/", "a"), child_of("/a", "b")) == ("/a", "/a/b")
    assert is_below("/a/b", "/a")
    assert is_below("/a", "/a")
    assert is_below("/a", "/")
    assert not is_below("/ab", "/a")


def test_lock_nodes_are_ordered_by_number_whatever_their_kind() -> None:
    first = f"{'f' * 32}__lock__0000000002"
    reader = f"{'a' * 32}__rlock__0000000010"
    last = f"{'0' * 32}__lock__0000000011"
    assert in_order([last, "state", reader, first]) == [first, reader, last]


def test_a_prefix_is_new_each_time_and_makes_a_lock_node() -> None:
    assert new_prefix() != new_prefix()
    assert is_lock_node(f"{new_prefix()}0000000000")


@pytest.mark.parametrize("name", ["sync_lock", "migrate_sync_lock", "a__lock__1", "fence_lock"])
def test_keys_with_lock_in_their_name_are_no_lock_nodes(name: str) -> None:
    assert not is_lock_node(name)
    assert is_mirrored(f"/domains/{name}")


def test_what_a_mirror_leaves_out() -> None:
    assert not is_mirrored("/zookeeper")
    assert not is_mirrored("/zookeeper/quota")
    assert is_mirrored("/zookeepers")
    assert not is_mirrored(f"/a/{'0' * 32}__lock__0000000001")
    assert is_mirrored("/")

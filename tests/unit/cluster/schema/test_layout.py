"""Names to paths."""

import pytest

from cluster.schema.layout import UnknownKey, layout
from cluster.schema.migration import unknown_keys
from tests.fakes.old_trees import old_tree


def test_a_path() -> None:
    assert layout(16).path("node.beat", node="hv1") == "/nodes/hv1/beat"
    assert layout(16).path("vm_name", name="www") == "/vm_names/www"


@pytest.mark.parametrize("name", ["node.baet", "", "node.keepalive", "domain.state"])
def test_a_misspelt_or_superseded_name_raises(name: str) -> None:
    with pytest.raises(UnknownKey):
        layout(16).path(name, node="hv1", vm="u")


def test_a_missing_object_raises() -> None:
    with pytest.raises(UnknownKey):
        layout(16).path("node.beat")


@pytest.mark.parametrize("name", ["", ".", "..", "a/b"])
def test_a_name_that_leaves_its_place_raises(name: str) -> None:
    with pytest.raises(ValueError):
        layout(16).path("node.beat", node=name)


@pytest.mark.parametrize("version", range(16))
def test_every_key_of_a_version_is_known_in_it(version: int) -> None:
    assert unknown_keys(old_tree(version), version) == ()


def test_only_the_topmost_unknown_key_is_named() -> None:
    tree = {"/nodes": b"", "/nodes/a": b"", "/nodes/a/x": b"", "/nodes/a/x/y": b"", "/odd/b": b""}
    assert unknown_keys(tree) == ("/nodes/a/x", "/odd/b")

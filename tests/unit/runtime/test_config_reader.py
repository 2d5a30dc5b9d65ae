"""The reader never crashes, whatever YAML holds: a list of faults or a config, never neither."""

from typing import Any

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.config import api_file, node_file
from runtime.config.api_keys import API_FILE_KEYS
from runtime.config.key import Key
from runtime.config.node_keys import NODE_FILE_KEYS
from runtime.config.reader import read_document, shown

_SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.binary()
    | st.dates()
    | st.datetimes()
    | st.sampled_from(["by-id", "None", "10.0.0.0/24", "10.0.0.0/0", "10.0.0.1/24", "hv1", "/x"])
)
_VALUES = st.recursive(
    _SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(_SCALARS, inner, max_size=3)
        | st.sets(st.integers(), max_size=2)
    ),
    max_leaves=6,
)


def _trees(keys: tuple[Key[Any], ...]) -> st.SearchStrategy[dict[str, Any]]:
    paths = st.sampled_from([key.path for key in keys])
    return st.dictionaries(paths, _VALUES, max_size=12).map(_nested)


def _nested(flat: dict[str, Any]) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for path, value in flat.items():
        *sections, last = path.split(".")
        level = tree
        for section in sections:
            level = level.setdefault(section, {})
        level[last] = value
    return tree


@settings(max_examples=60, deadline=None)
@given(_trees(NODE_FILE_KEYS))
def test_any_values_of_node_keys(tree: dict[str, Any]) -> None:
    found = node_file.examine_document({"pvc": tree})
    assert (found.config is None) == bool(found.faults)
    for fault in found.faults:
        fault.encode()


@settings(max_examples=60, deadline=None)
@given(_trees(API_FILE_KEYS))
def test_any_values_of_api_keys(tree: dict[str, Any]) -> None:
    found = api_file.examine_document({"pvc": tree})
    assert (found.config is None) == bool(found.faults)
    for fault in found.faults:
        fault.encode()


@settings(max_examples=50, deadline=None)
@given(_VALUES)
def test_any_document(value: Any) -> None:
    assert node_file.examine_document(value).faults
    assert node_file.examine_document({"pvc": value}).faults


@settings(max_examples=30, deadline=None)
@given(st.dictionaries(_SCALARS, _VALUES, min_size=1, max_size=4))
def test_keys_that_are_no_text(tree: dict[Any, Any]) -> None:
    assert node_file.examine_document({"pvc": tree, **tree}).faults


def test_a_document_that_holds_itself() -> None:
    tree = yaml.safe_load("pvc: &a {system: *a, cluster: {coordinators: &b [*b]}}")
    assert node_file.examine_document(tree).faults


def test_a_bomb_of_references_is_shown_short() -> None:
    value: list[Any] = ["x"]
    for _ in range(60):
        value = [value] * 10
    assert len(shown(value)) < 500
    assert read_document({"pvc": {"node": value}}, NODE_FILE_KEYS).faults


def test_no_key_is_declared_twice_or_below_another() -> None:
    for keys in (NODE_FILE_KEYS, API_FILE_KEYS):
        paths = [key.path for key in keys]
        assert len(set(paths)) == len(paths)
        assert not any(a != b and b.startswith(f"{a}.") for a in paths for b in paths)
        assert all(key.about.endswith(".") for key in keys)


def test_a_number_of_thousands_of_digits() -> None:
    huge = 10**6000  # YAML reads 0xfff... of any length; it has no repr
    for key in NODE_FILE_KEYS:
        assert node_file.examine_document({"pvc": _nested({key.path: huge})}).faults
    assert node_file.examine_document({"pvc": {huge: {huge: huge}}, huge: 1}).faults

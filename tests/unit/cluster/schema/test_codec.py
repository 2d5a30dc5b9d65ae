"""Whatever a key holds, reading it never raises."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cluster.lifecycle.vm import vm_state
from cluster.model.node import DaemonState
from cluster.records import (
    cluster_record,
    fault_record,
    log_record,
    node_record,
    task_record,
    vm_record,
)
from cluster.records.console_record import read_places
from cluster.records.view import DictView
from cluster.schema import codec
from cluster.schema.key import Form, Key
from cluster.schema.layout import layout
from cluster.schema.table import KEYS
from cluster.schema.versions import NEWEST
from runtime.config.plain import to_plain

LAYOUT = layout(NEWEST)

_json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=True, allow_infinity=True)
    | st.text()
    | st.sampled_from(["run", "dead", "start", "running", "PENDING", "beat"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["state", "beat", "memory", "workers", "interfaces", "serial", "node", "x"]
            ),
            inner,
            max_size=6,
        )
    ),
    max_leaves=12,
)
anything = st.one_of(
    st.none(),
    st.binary(max_size=64),
    st.text(max_size=64).map(lambda text: text.encode("utf-8", "surrogatepass")),
    _json.map(lambda value: json.dumps(value).encode()),
    st.sampled_from([b"", b"None", b"9" * 5000, b"[" * 5000, b"1e999", b"NaN", b'{"a":1e999}']),
)


@given(key=st.sampled_from(KEYS), data=anything)
@settings(max_examples=400, deadline=None)
def test_every_key_is_read_whatever_it_holds(key: Key, data: bytes | None) -> None:
    value = codec.read_value(key, data)
    assert codec.is_broken(key, data) in (True, False)
    if key.form is Form.NUMBER and value is not None:
        assert isinstance(value, float) and abs(value) < float("inf")


@given(st.lists(anything, min_size=20, max_size=20))
@settings(max_examples=120, deadline=None)
def test_records_are_read_whatever_their_keys_hold(values: list[bytes | None]) -> None:
    kinds = [key for key in LAYOUT.rows() if key.path.startswith(("/nodes/{node}", "/config"))]
    kinds += [key for key in LAYOUT.rows() if key.path.startswith(("/domains/{vm}", "/faults"))]
    kinds += [key for key in LAYOUT.rows() if key.path.startswith(("/tasks", "/logs", "/vm_names"))]
    names = {"node": "n", "vm": "u", "fault": "F", "task": "t", "chunk": "0" * 12, "name": "x"}
    tree = {}
    for number, key in enumerate(kinds):
        if "{" in key.path and any(f"{{{name}}}" in key.path for name in ("pf", "vf", "snapshot")):
            continue
        data = values[number % len(values)]
        if data is not None:
            tree[key.path.format_map(names)] = data
    view = DictView(tree)
    to_plain(node_record.read(view, LAYOUT, "n"))
    to_plain(fault_record.read(view, LAYOUT, "F"))
    to_plain(task_record.read(view, LAYOUT, "t"))
    log_record.read(view, log_record.of_node(LAYOUT, "n"), last=5)
    log_record.read(view, log_record.of_console(LAYOUT, "u"), last=5)
    read_places(view.get(LAYOUT.path("vm.console.place", vm="u")))
    cluster_record.read(view, LAYOUT)
    vm = vm_record.read(view, LAYOUT, "u")
    assert vm is None or vm.state is vm_state(vm.wanted, vm.seen)


@pytest.mark.parametrize("data", [b"", b"None"])
def test_unset_is_not_broken(data: bytes) -> None:
    assert not any(codec.is_broken(key, data) for key in KEYS)


def test_a_word_that_nobody_knows_is_none() -> None:
    assert codec.read_enum(DaemonState, b"dancing") is None
    assert codec.read_enum(DaemonState, b"run") is DaemonState.RUN


def test_deep_and_huge_json_is_none() -> None:
    assert codec.read_json(b"[" * 100_000) is None
    assert codec.read_json(b"9" * 5000) is None
    assert codec.as_number(float("nan")) == 0.0
    assert codec.as_integer(True) == 0


def test_the_same_value_is_always_the_same_bytes() -> None:
    assert codec.to_json({"a": "ä", "b": None}) == b'{"a":"\\u00e4","b":null}'

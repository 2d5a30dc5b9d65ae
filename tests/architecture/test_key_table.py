"""The key table is whole: one row and one writer for each key of each version."""

from collections import Counter
from itertools import groupby

import pytest

from cluster.schema.codec import is_broken
from cluster.schema.key import Form, Writer
from cluster.schema.layout import layout
from cluster.schema.steps.catalogue import STEPS
from cluster.schema.table import KEYS
from cluster.schema.versions import NEWEST
from workers.catalogue import CATALOGUE

VERSIONS = range(NEWEST + 1)


@pytest.mark.parametrize("version", VERSIONS)
def test_each_path_and_each_name_has_one_row(version: int) -> None:
    rows = layout(version).rows()
    assert not [path for path, n in Counter(row.path for row in rows).items() if n > 1]
    assert not [name for name, n in Counter(row.name for row in rows).items() if n > 1]


@pytest.mark.parametrize("version", VERSIONS)
def test_each_key_has_its_parent_in_the_table(version: int) -> None:
    paths = {row.path for row in layout(version).rows()}
    orphans = [p for p in paths if p.count("/") > 1 and p.rpartition("/")[0] not in paths]
    assert not orphans


def test_a_key_that_goes_through_versions_keeps_its_one_writer() -> None:
    by_name = sorted(KEYS, key=lambda key: key.name)
    for name, rows in groupby(by_name, key=lambda key: key.name):
        assert len({row.writer for row in rows}) == 1, name


def test_parents_hold_nothing() -> None:
    odd = [key.name for key in KEYS if key.writer is Writer.NOBODY and key.form is not Form.EMPTY]
    assert not odd


def test_an_order_and_a_fact_never_share_a_key() -> None:
    words = ("wanted", "seen")
    for key in layout(NEWEST).rows():
        if words[0] in key.name:
            assert key.writer is Writer.ORDER, key.name
        if words[1] in key.name:
            assert key.writer is not Writer.ORDER, key.name


def test_each_worker_writes_under_its_own_name() -> None:
    assert {spec.name for spec in CATALOGUE} <= {writer.value for writer in Writer}


def test_defaults_are_readable() -> None:
    assert not [key.name for key in KEYS if is_broken(key, key.default.encode())]


def test_keys_are_explained() -> None:
    assert not [key.name for key in layout(NEWEST).rows() if len(key.about) < 4]


def test_ephemeral_keys_have_no_keys_below_them() -> None:
    for key in KEYS:
        if key.is_ephemeral:
            assert not [k.path for k in KEYS if k.path.startswith(f"{key.path}/")]


def test_what_keepalive_writes_is_the_same_in_every_version_to_come() -> None:
    names = {key.name for key in layout(NEWEST).rows() if key.writer is Writer.KEEPALIVE}
    assert names == {"node.beat", "node.presence", "node.daemon_state", "node.facts"}


def test_the_earlier_layouts_have_the_number_of_keys_they_are_known_to_have() -> None:
    added = Counter(key.since for key in KEYS if key.since < NEWEST)
    assert [added[version] for version in range(1, NEWEST)] == [
        27, 1, 4, 3, 1, 1, 1, 6, 10, 1, 8, 1, 1, 5, 1,
    ]  # fmt: skip


def test_steps_are_numbered_without_a_gap() -> None:
    assert sorted(step.number for step in STEPS) == list(VERSIONS)

"""A tree in which anything is broken or missing is migrated all the same, and resumed alike."""

import random

import pytest

from cluster.schema.migration import applied, steps_after, unknown_keys
from tests.fakes.old_trees import old_tree

_JUNK = (b"", b"None", b"\xff\xfe", b"{", b"[1]", b"9" * 30, b"a/b", b"-1", b"run", b"nan", b"..")


def damaged(version: int, seed: int) -> dict[str, bytes]:
    """Return a tree with a third of its values spoilt and a tenth of its keys gone."""
    chance, tree = random.Random(seed), old_tree(version)
    for path in sorted(tree, reverse=True):
        if path in ("/schema", "/schema/version") or path not in tree:
            continue
        if chance.random() < 0.1:
            for below in [p for p in tree if p == path or p.startswith(f"{path}/")]:
                if not below.startswith("/schema"):
                    del tree[below]
        elif chance.random() < 0.33:
            tree[path] = chance.choice(_JUNK)
    return tree


def finished(
    tree: dict[str, bytes], version: int, chance: random.Random | None = None
) -> dict[str, bytes]:
    """Run all steps; with `chance`, be killed within each step and planned anew."""
    for step in steps_after(version):
        groups = step.plan(tree).groups
        if chance is not None:
            for group in groups[: chance.randint(0, len(groups))]:
                tree = applied(tree, group)
            groups = step.plan(tree).groups
        for group in groups:
            tree = applied(tree, group)
    return tree


@pytest.mark.parametrize("seed", range(20))
def test_a_damaged_tree(seed: int) -> None:
    version = seed % 16
    old = damaged(version, seed)
    new = finished(old, version)
    assert unknown_keys(new, 16) == ()
    for attempt in range(2):
        assert finished(old, version, random.Random(attempt)) == new
    orphans = [p for p in new if p.count("/") > 1 and p.rpartition("/")[0] not in new]
    assert not orphans


@pytest.mark.parametrize("seed", range(20))
def test_no_order_is_made_up(seed: int) -> None:
    new = finished(damaged(15, seed), 15)
    for path, data in new.items():
        if path.endswith("/wanted") and b'"state":"unknown"' not in data:
            assert any(word in data for word in (b'"start"',)), (path, data)

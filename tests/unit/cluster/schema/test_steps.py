"""Each step by itself: what it adds, and that it may be planned anew after each of its groups."""

from itertools import pairwise

import pytest

from cluster.schema.layout import layout
from cluster.schema.migration import applied, steps_after
from cluster.schema.plan import Step
from cluster.schema.steps.catalogue import STEPS
from cluster.schema.table import KEYS
from cluster.schema.versions import NEWEST, OLDEST_MIGRATED
from tests.fakes.old_trees import old_tree

ADDING = [step for step in STEPS if 0 < step.number < 16]


def finished(step: Step, tree: dict[str, bytes]) -> dict[str, bytes]:
    for group in step.plan(tree).groups:
        tree = applied(tree, group)
    return tree


def test_there_is_one_step_for_each_version_and_they_are_taken_by_number() -> None:
    numbers = [step.number for step in steps_after(0)]
    assert numbers == list(range(OLDEST_MIGRATED, NEWEST + 1))
    assert [step.number for step in steps_after(9)] == list(range(10, NEWEST + 1))
    assert all(one < two for one, two in pairwise(numbers))


@pytest.mark.parametrize("step", STEPS, ids=lambda step: str(step.number))
def test_planned_anew_after_each_group_the_end_is_the_same(step: Step) -> None:
    before = old_tree(max(0, step.number - 1))
    if step.number == 0:
        before = {path: data for path, data in before.items() if path.count("/") != 3}
    groups = step.plan(before).groups
    whole = finished(step, before)
    tree = before
    for number, group in enumerate(groups):
        tree = applied(tree, group)
        if number % 3 == 0 or number > len(groups) - 5:
            assert finished(step, tree) == whole, f"after group {number}"
    assert tree == whole


@pytest.mark.parametrize("step", STEPS, ids=lambda step: str(step.number))
def test_a_step_that_is_done_plans_nothing(step: Step) -> None:
    done = finished(step, old_tree(max(0, step.number - 1)))
    assert step.plan(done).groups == ()


@pytest.mark.parametrize("step", ADDING, ids=lambda step: str(step.number))
def test_existing_objects_get_the_keys_of_the_version(step: Step) -> None:
    added = finished(step, old_tree(step.number - 1)).keys() - old_tree(step.number - 1).keys()
    expected = {
        path
        for path in old_tree(step.number).keys() - old_tree(step.number - 1).keys()
        if _is_of_an_old_object(path, step.number)
    }
    assert added == expected


def _is_of_an_old_object(path: str, version: int) -> bool:
    """Whether the object that has the key can exist before the version."""
    row = next(key for key in KEYS if key.since == version and _fits(key.path, path))
    parent, _, name = row.path.rpartition("/")
    if name.startswith("{"):
        return False
    newborn = {key.path for key in layout(version).rows() if key.since == version}
    while parent:
        if parent in newborn and parent.endswith("}"):
            return False
        parent = parent.rpartition("/")[0]
    return True


def _fits(template: str, path: str) -> bool:
    parts, names = template.split("/"), path.split("/")
    return len(parts) == len(names) and all(
        part.startswith("{") or part == name for part, name in zip(parts, names, strict=True)
    )

"""Steps that only add keys: to the tree and to each object that exists."""

from collections.abc import Iterable

from cluster.schema.key import Key
from cluster.schema.layout import layout
from cluster.schema.plan import Step, StepPlan
from cluster.schema.shape import Shape, each_alone
from cluster.schema.tree import Tree
from cluster.store.store import Change


def adding(number: int, about: str, *names: str) -> Step:
    """Return the step that adds these keys, each with the table's default."""
    rows = [layout(number).key(name) for name in names]
    return Step(
        number=number,
        about=about,
        plan=lambda tree: StepPlan(each_alone(additions(Shape(tree), rows))),
    )


def additions(shape: Shape, rows: Iterable[Key]) -> list[Change]:
    """Return what gives each object the keys that it lacks, parents first.

    A row that is an object itself (`/nodes/{node}`) adds nothing: objects are not made up.
    """
    changes: list[Change] = []
    for row in sorted(rows, key=lambda row: row.path):
        parent, _, name = row.path.rpartition("/")
        if name.startswith("{") or row.is_ephemeral:
            continue
        for owner in [""] if not parent else list(shape.matches(parent)):
            changes += shape.make(f"{owner}/{name}", row.default.encode())
    return changes


def nothing(tree: Tree) -> StepPlan:
    """Plan nothing."""
    del tree
    return StepPlan()

"""What a schema step wants to be changed, as data.

Invariant: a step is a pure function of a snapshot. It may die after any of its groups and be
planned anew from what it finds then; the end is the same. So whatever is computed from an old key
is written before, or in the same group in which, that old key is removed.
"""

from collections.abc import Callable
from dataclasses import dataclass

from cluster.schema.tree import Tree
from cluster.store.store import Change

Group = tuple[Change, ...]
"""Changes that are made together or not at all."""


@dataclass(frozen=True, slots=True)
class StepPlan:
    """The groups of one step in their order."""

    groups: tuple[Group, ...] = ()
    unconverted: tuple[str, ...] = ()
    """Sentences about values that could not be converted; they are in the backup."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One numbered change of the key layout."""

    number: int
    about: str
    plan: Callable[[Tree], StepPlan]

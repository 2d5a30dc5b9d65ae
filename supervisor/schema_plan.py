"""What the version of the tree in Zookeeper means for this node's tree of processes; pure.

Invariant: a tree that is newer than this program, or too old for its workers, has none of the
workers that need the current layout beside it; keepalive runs in every case.
"""

from dataclasses import dataclass
from enum import StrEnum

from cluster.schema.versions import NEWEST, OLDEST_MIGRATED, OLDEST_SPOKEN


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaPatience:
    """How often the tree is looked at beside what its watch tells."""

    settled_seconds: float = 15.0
    waiting_seconds: float = 1.0
    """While others are waited for, or Zookeeper is away."""
    lock_seconds: float = 1.0
    revive_seconds: float = 5.0
    """A keeper that fell to a bug of ours is replaced after this long."""


class SchemaStep(StrEnum):
    """What the root has to do about the tree's version."""

    INITIALISE = "initialise"
    """There is no tree yet."""
    NOTHING = "nothing"
    MIGRATE = "migrate"
    """Every node that is not down speaks the newest version."""
    WAIT = "wait"
    """Older, and somebody is not ready for the newest version."""
    REFUSE = "refuse"
    """Newer than this program, or of a version nobody knows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaView:
    """What the main loop must know of the tree's version."""

    tree: int | None
    """What the tree said when it was last asked; None when it was not reached yet."""
    workers: int
    """The version workers are started with."""
    may_run: bool
    """Whether those that need the current layout may run."""
    note: str = ""
    """What is wrong, for the status line and the fault."""


def choose_step(tree: int | None, *, may_advance: bool) -> SchemaStep:
    """Say what to do about a tree of this version; None stands for an empty ensemble."""
    if tree is None:
        return SchemaStep.INITIALISE
    if tree == NEWEST:
        return SchemaStep.NOTHING
    if tree > NEWEST or tree < OLDEST_MIGRATED:
        return SchemaStep.REFUSE
    return SchemaStep.MIGRATE if may_advance else SchemaStep.WAIT


def assumed(recorded: int | None) -> SchemaView:
    """Return the view before the tree was reached: as it was last time, the newest at first."""
    version = NEWEST if recorded is None else recorded
    return SchemaView(
        tree=None,
        workers=version,
        may_run=is_spoken(version),
        note="" if is_spoken(version) else _unspoken(version),
    )


def seen(tree: int, waiting_for: tuple[str, ...] = ()) -> SchemaView:
    """Return the view of a tree of this version; `waiting_for` names who holds up its advance."""
    if is_spoken(tree):
        note = _held_up(tree, waiting_for) if waiting_for else ""
        return SchemaView(tree=tree, workers=tree, may_run=True, note=note)
    held_up = _held_up(tree, waiting_for) if waiting_for and tree < NEWEST else _unspoken(tree)
    return SchemaView(tree=tree, workers=NEWEST, may_run=False, note=held_up)


def is_spoken(version: int) -> bool:
    """Whether our workers can work with a tree of this version."""
    return OLDEST_SPOKEN <= version <= NEWEST


def _held_up(tree: int, waiting_for: tuple[str, ...]) -> str:
    return f"schema {tree} is not advanced to {NEWEST} yet: waiting for {', '.join(waiting_for)}"


def _unspoken(tree: int) -> str:
    if tree > NEWEST:
        return f"the tree has schema {tree}, this software speaks {NEWEST} at most"
    return f"the tree has schema {tree}, this software needs {OLDEST_SPOKEN} at least"

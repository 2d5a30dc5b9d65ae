"""How a tree is brought to the newest layout; pure.

Invariant: steps run in the order of their numbers, and the version is raised in the same
transaction as the last changes of a step; so whoever resumes finds a tree that is wholly of one
version, or one that is in the middle of exactly one step, which can be planned again.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from cluster.schema.plan import Group, Step
from cluster.schema.steps.catalogue import STEPS
from cluster.schema.table import KEYS
from cluster.schema.tree import OF_OTHERS, VERSION_PATH, Tree
from cluster.schema.versions import NEWEST
from cluster.store.store import Change, Check, Create, Delete, Write

PROGRESS_PATH: Final = "/schema/progress"
MAX_CHANGES: Final = 200
MAX_BYTES: Final = 512 * 1024
"""Half of what Zookeeper accepts, since it also counts what we do not."""
_BYTES_BESIDE_DATA: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class MigrationReport:
    """What a migration did."""

    from_version: int
    to_version: int
    backup: str = ""
    """File with the whole tree as it was; empty when nothing was to be done."""
    transactions: int = 0
    unknown: tuple[str, ...] = ()
    """Paths that no schema version knows; they stay."""
    unconverted: tuple[str, ...] = ()
    """Sentences about values that could not be converted; they are in the backup."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MigrationProgress:
    """How far a migration is."""

    step: int
    about: str
    batch: int
    batches: int


def steps_after(version: int, newest: int = NEWEST) -> tuple[Step, ...]:
    """Return the steps that bring a tree of `version` to `newest`, by number.

    A tree of version 0 gets step 0 too, which completes it.
    """
    first = version + 1 if version else 0
    ordered = sorted(STEPS, key=lambda step: step.number)
    return tuple(step for step in ordered if first <= step.number <= newest)


def batches(groups: Iterable[Group], closing: Sequence[Change]) -> list[tuple[Change, ...]]:
    """Return transactions of bounded size that keep groups whole; the last ends with `closing`."""
    result: list[list[Change]] = [[]]
    count, size = len(closing), weight(closing)
    for group in groups:
        if result[-1] and (count + len(group) > MAX_CHANGES or size + weight(group) > MAX_BYTES):
            result.append([])
            count, size = len(closing), weight(closing)
        result[-1] += group
        count, size = count + len(group), size + weight(group)
    result[-1] += closing
    return [tuple(batch) for batch in result]


def weight(changes: Iterable[Change]) -> int:
    """Return about how many bytes a transaction of these changes has."""
    return sum(
        len(change.path) + _BYTES_BESIDE_DATA + len(getattr(change, "data", b""))
        for change in changes
    )


def applied(tree: Tree, changes: Iterable[Change]) -> dict[str, bytes]:
    """Return the tree as it is after these changes."""
    after = dict(tree)
    change(after, changes)
    return after


def change(tree: dict[str, bytes], changes: Iterable[Change]) -> None:
    """Make changes to a snapshot in its place: a big tree is not copied for each transaction."""
    for one in changes:
        match one:
            case Create(path, data) | Write(path, data):
                tree[path] = data
            case Delete(path):
                tree.pop(path, None)
            case Check():
                pass


def progress_text(*, from_version: int, backup: str, node: str) -> bytes:
    """Return what /schema/progress holds while a migration is under way."""
    plain = {"from": from_version, "to": NEWEST, "backup": backup, "node": node}
    return json.dumps(plain).encode()


def unknown_keys(tree: Iterable[str], version: int | None = None) -> tuple[str, ...]:
    """Return the topmost paths that no version knows, or that `version` does not know."""
    known = _Templates(key.path for key in KEYS if version is None or key.exists_in(version))
    unknown: set[str] = set()
    for path in sorted(tree):
        parts = path[1:].split("/")
        if parts[0] in OF_OTHERS or any(parent in unknown for parent in _parents(path)):
            continue
        if not known.match(parts):
            unknown.add(path)
    return tuple(sorted(unknown))


def _parents(path: str) -> Iterator[str]:
    while (path := path.rpartition("/")[0]) != "":
        yield path


class _Templates:
    """Answers whether a path fits one of many templates without trying each."""

    def __init__(self, templates: Iterable[str]) -> None:
        self._root: dict[str, dict[str, object]] = {}
        for template in templates:
            branch: dict[str, object] = self._root  # type: ignore[assignment]
            for part in template[1:].split("/"):
                name = "*" if part.startswith("{") else part
                branch = branch.setdefault(name, {})  # type: ignore[assignment]

    def match(self, parts: Sequence[str]) -> bool:
        """Whether the path is that of a key, or on the way to one."""
        branches: list[Mapping[str, object]] = [self._root]
        for part in parts:
            branches = [
                below
                for branch in branches
                for name in (part, "*")
                if isinstance(below := branch.get(name), dict)
            ]
        return bool(branches)


def version_change(number: int, at: int) -> Change:
    """Return the change that raises /schema/version, provided nobody else has since `at`."""
    return Write(VERSION_PATH, str(number).encode(), at)

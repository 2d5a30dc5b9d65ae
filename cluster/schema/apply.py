"""Brings a tree to the newest layout through a store.

Invariant: the caller holds the lock on /schema/version; `check_held` is called before every
transaction, and every transaction also demands that /schema/version is as we have read it. So a
migrator that was paused for long and wakes up changes nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from cluster.schema.backup import save
from cluster.schema.migration import (
    PROGRESS_PATH,
    MigrationProgress,
    MigrationReport,
    batches,
    change,
    progress_text,
    steps_after,
    unknown_keys,
    version_change,
)
from cluster.schema.plan import Step
from cluster.schema.tree import (
    VERSION_PATH,
    DeadlineForCall,
    checked_version,
    read_tree,
)
from cluster.schema.versions import NEWEST
from cluster.store.store import Change, Check, Create, Store, Write
from runtime.clock import SYSTEM_CLOCK, Clock
from runtime.errors import Conflict, NotFound

OnProgress = Callable[[MigrationProgress], None]
CheckHeld = Callable[[], None]
"""Raises when the caller no longer holds the lock on /schema/version for certain."""

_ATTEMPTS: Final = 20
"""So often a transaction may find that a node's keepalive has changed what was just read."""


def migrate(
    store: Store,
    *,
    backup_directory: Path,
    node: str,
    deadline_for_call: DeadlineForCall,
    on_progress: OnProgress,
    check_held: CheckHeld,
    clock: Clock = SYSTEM_CLOCK,
) -> MigrationReport:
    """Bring the tree to the newest layout; resumes what another process has begun.

    Raises `NotFound` when the tree has no version yet (`initialise` it), `TreeTooNew` or
    `TreeBroken`, `Unavailable` when the store does not answer (call again later), and what
    `check_held` raises.
    """
    run = _Run(store, deadline_for_call, on_progress, check_held)
    start = run.look()
    if start.version == NEWEST:
        return MigrationReport(from_version=NEWEST, to_version=NEWEST)
    backup = save(start.tree, start.version, backup_directory, clock)
    run.announce(from_version=start.version, backup=str(backup), node=node)
    unknown, unconverted = unknown_keys(start.tree), list[str]()
    for step in steps_after(start.version):
        unconverted += run.step(step)
    return MigrationReport(
        from_version=start.version,
        to_version=NEWEST,
        backup=str(backup),
        transactions=run.transactions,
        unknown=unknown,
        unconverted=tuple(dict.fromkeys(unconverted)),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    """A snapshot, and the write count of /schema/version when it was taken."""

    tree: dict[str, bytes]
    version: int
    at: int


class _Run:
    """One migration by one process."""

    def __init__(
        self,
        store: Store,
        deadline_for_call: DeadlineForCall,
        on_progress: OnProgress,
        check_held: CheckHeld,
    ) -> None:
        self._store = store
        self._deadline = deadline_for_call
        self._on_progress = on_progress
        self._check_held = check_held
        self._seen: _Look | None = None
        self.transactions = 0

    def look(self) -> _Look:
        """Read the whole tree anew; /schema/version first, so that it is never too young."""
        value = self._store.read(VERSION_PATH, self._deadline())
        if value is None:
            raise NotFound("the tree has no schema version", path=VERSION_PATH)
        version = checked_version(value.data)
        tree = read_tree(self._store, self._deadline)
        self._seen = _Look(tree=tree, version=version, at=value.version)
        return self._seen

    def announce(self, *, from_version: int, backup: str, node: str) -> None:
        """Say in the tree that a migration is under way, unless one is being resumed."""
        data = progress_text(from_version=from_version, backup=backup, node=node)
        for _ in range(_ATTEMPTS):
            seen = self._seen or self.look()
            there = seen.tree.get(PROGRESS_PATH)
            if there:
                return
            kind = Create if there is None else Write
            if self._attempt(seen, (Check(VERSION_PATH, seen.at), kind(PROGRESS_PATH, data))):
                return
        raise Conflict("the tree changes faster than it can be migrated")

    def step(self, step: Step) -> tuple[str, ...]:
        """Make one step; return what it could not convert."""
        for _ in range(_ATTEMPTS):
            seen = self._seen or self.look()
            if seen.version > max(0, step.number - 1):
                raise Conflict("another process has migrated the tree", version=seen.version)
            plan = step.plan(seen.tree)
            closing: list[Change] = [version_change(step.number, seen.at)]
            if step.number == NEWEST:
                closing.append(Write(PROGRESS_PATH, b""))
            if self._all(step, batches(plan.groups, closing)):
                return plan.unconverted
        raise Conflict("the tree changes faster than it can be migrated", step=step.number)

    def _all(self, step: Step, transactions: list[tuple[Change, ...]]) -> bool:
        total = len(transactions)
        for number, changes in enumerate(transactions, 1):
            seen = self._seen
            if seen is None:
                return False
            guard: tuple[Change, ...] = (Check(VERSION_PATH, seen.at),) if number < total else ()
            if not self._attempt(seen, (*guard, *changes)):
                return False
            self._on_progress(
                MigrationProgress(step=step.number, about=step.about, batch=number, batches=total)
            )
        if self._seen is not None:
            self._seen = replace(self._seen, version=step.number, at=self._seen.at + 1)
        return True

    def _attempt(self, seen: _Look, changes: tuple[Change, ...]) -> bool:
        """Make one transaction; False when the tree is not as seen and must be read again."""
        self._check_held()
        try:
            self._store.apply(changes, self._deadline())
        except (Conflict, NotFound):
            self._seen = None
            return False
        self.transactions += 1
        change(seen.tree, changes)
        return True

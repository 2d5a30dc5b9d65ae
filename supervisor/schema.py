"""The root's one contact with Zookeeper: registers the node, holds and advances the schema version.

Invariant: only the holder of the lock on /schema/version migrates, and only when every node that
is not down speaks the newest version. Everything here happens off the main loop, in the thread of
`schema_keeper.py`; what this module imports is loaded there, so that supervision starts at once.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cluster.schema.advance import Advance, may_advance
from cluster.schema.tree import VERSION_PATH, TreeBroken, TreeTooNew, initialise, read_tree_version
from cluster.schema.versions import NEWEST
from cluster.store.store import SessionState, Store
from runtime.clock import Clock
from runtime.config.node import NodeConfig
from runtime.deadline import Deadline
from runtime.errors import Conflict, PvcError, StoreUnavailable
from runtime.log import get_logger
from supervisor.peers import Peers
from supervisor.recorded import record
from supervisor.registration import registered_keys, registration
from supervisor.schema_plan import SchemaPatience, SchemaStep, SchemaView, choose_step, seen

if TYPE_CHECKING:
    from cluster.schema.migration import MigrationProgress

log = get_logger(__name__)

_BACKUP_FOLDER: Final = "schema-backups"


def open_store(config: NodeConfig) -> Store:
    """Return our session with Zookeeper."""
    # Here and not above: tests bring their own store and need no library for it.
    from cluster.store.zookeeper import ZookeeperStore

    store = ZookeeperStore(config.store)
    store.start()
    return store


class SchemaWork:
    """What is done about the schema, one round after the other."""

    def __init__(
        self,
        *,
        config: NodeConfig,
        store: Store,
        clock: Clock,
        patience: SchemaPatience,
        report: Callable[[SchemaView], None],
        is_asked_to_end: Callable[[], bool],
    ) -> None:
        self._config = config
        self._store = store
        self._clock = clock
        self._patience = patience
        self._report = report
        self._is_asked_to_end = is_asked_to_end
        self._peers = Peers()
        self._reported: SchemaView | None = None
        self._trouble = ""
        self._is_registered = False

    def round(self) -> float:
        """Look at the tree once; return how long to wait for news of it."""
        if self._store.session().state is not SessionState.CONNECTED:
            return self._patience.waiting_seconds
        try:
            is_settled = self._keep()
        except (TreeTooNew, TreeBroken) as error:
            self._refuse(error)
            return self._patience.waiting_seconds
        except PvcError as error:
            self._note_trouble(error)
            return self._patience.waiting_seconds
        self._trouble = ""
        return self._patience.settled_seconds if is_settled else self._patience.waiting_seconds

    def _keep(self) -> bool:
        """Bring tree and view in line; return whether nothing is left to do."""
        version = read_tree_version(self._store, self._deadline())
        if version is None:
            version = initialise(self._store, self._deadline())
            log.info("tree_initialised", schema=version)
        self._register(version)
        waiting_for = self._who_is_waited_for(version)
        step = choose_step(version, may_advance=not waiting_for)
        if step is SchemaStep.MIGRATE:
            self._migrate(version)
            version = NEWEST
            self._register(version)
        self._tell(version, waiting_for)
        return step is SchemaStep.NOTHING

    def _who_is_waited_for(self, version: int) -> tuple[str, ...]:
        if version >= NEWEST:
            return ()
        now = self._clock.now()
        answer = may_advance(self._peers.look(self._store, self._deadline(), now), now, NEWEST)
        return () if isinstance(answer, Advance) else answer.reasons

    def _register(self, version: int) -> None:
        # In every round: somebody may have deleted this node while it runs.
        paths = list(registered_keys(self._config, version))
        there = self._store.read_many(paths, self._deadline())
        changes = registration(self._config, version, there, is_first=not self._is_registered)
        if changes:
            self._store.apply(changes, self._deadline())
            log.info("node_registered", schema=version, changes=len(changes))
        self._is_registered = True

    def _migrate(self, version: int) -> None:
        # Loaded now, gone again with the execv that follows: the root must stay small.
        from cluster.schema.apply import migrate

        lock = self._store.lock(VERSION_PATH)

        def check_held() -> None:
            if self._is_asked_to_end():
                raise StoreUnavailable("the root ends: the migration is resumed later")
            if not lock.is_held():
                raise StoreUnavailable("the lock on the schema version is lost")

        # The others keep their own tree of processes running on the old version until it changes.
        self._tell(version, ("the migration, which is under way",))
        with lock.hold(Deadline.after(self._patience.lock_seconds, self._clock)):
            report = migrate(
                self._store,
                backup_directory=_backups(self._config),
                node=self._config.node,
                deadline_for_call=self._deadline,
                on_progress=_log_progress,
                check_held=check_held,
                clock=self._clock,
            )
        log.info(
            "tree_migrated",
            old=report.from_version,
            new=report.to_version,
            backup=report.backup,
            unknown_keys=len(report.unknown),
            unconverted_keys=len(report.unconverted),
        )

    def _tell(self, version: int, waiting_for: tuple[str, ...]) -> None:
        view = seen(version, waiting_for)
        if view == self._reported:
            return
        record(self._config.directories.state, version)
        log.info("schema_seen", schema=version, note=view.note)
        self._reported = view
        self._report(view)

    def _refuse(self, error: TreeTooNew | TreeBroken) -> None:
        tree = error.fields.get("tree")
        view = SchemaView(
            tree=tree if isinstance(tree, int) else None,
            workers=NEWEST,
            may_run=False,
            note=error.message,
        )
        if view != self._reported:
            log.error("tree_refused", reason=error.message)
            self._reported = view
            self._report(view)

    def _note_trouble(self, error: PvcError) -> None:
        if error.message == self._trouble:
            return
        self._trouble = error.message
        if isinstance(error, Conflict):
            log.info("schema_deferred", reason=error.message)
        else:
            log.warning("schema_deferred", reason=error.message)

    def _deadline(self) -> Deadline:
        return Deadline.after(self._config.timing.store_call_seconds, self._clock)


def _backups(config: NodeConfig) -> Path:
    return config.directories.state / _BACKUP_FOLDER


def _log_progress(progress: "MigrationProgress") -> None:
    log.info(
        "schema_step_advanced",
        step=progress.step,
        about=progress.about,
        batch=progress.batch,
        batches=progress.batches,
    )

"""The thread in which the root talks to Zookeeper, as the main loop sees it.

Invariant: the main loop never waits for it: news comes by a queue and a descriptor that wakes.
"""

import queue
import threading
from collections.abc import Callable

from bus.wake import Wake
from cluster.store.store import Store
from runtime.clock import Clock
from runtime.config.node import NodeConfig
from runtime.log import get_logger
from supervisor.schema_plan import SchemaPatience, SchemaView

log = get_logger(__name__)

OpenStore = Callable[[NodeConfig], Store]


def open_zookeeper(config: NodeConfig) -> Store:
    """Return our session with Zookeeper; the library is loaded by the thread that needs it."""
    from supervisor.schema import open_store

    return open_store(config)


class SchemaKeeper:
    """Keeps the view of the schema version true, for as long as the root lives."""

    def __init__(
        self,
        *,
        config: NodeConfig,
        open_store: OpenStore,
        clock: Clock,
        first: SchemaView,
        patience: SchemaPatience,
    ) -> None:
        self._config = config
        self._open_store = open_store
        self._clock = clock
        self._patience = patience
        self._view = first
        self._wake = Wake()
        self._reports: queue.SimpleQueue[SchemaView] = queue.SimpleQueue()
        self._thread: _KeeperThread | None = None
        self._started_at = clock.now()

    def fileno(self) -> int:
        """Return a descriptor that can be read when there is news."""
        return self._wake.fileno()

    def view(self) -> SchemaView:
        """Return what is known now; never blocks."""
        self._wake.clear()
        while not self._reports.empty():
            self._view = self._reports.get_nowait()
        return self._view

    def look_after(self) -> None:
        """Let the thread run; one that fell is replaced after a while."""
        now = self._clock.now()
        if self._thread is not None:
            is_too_soon = now - self._started_at < self._patience.revive_seconds
            if self._thread.is_alive() or self._thread.is_asked or is_too_soon:
                return
            log.error("schema_keeper_failed")
        self._started_at = now
        self._thread = _KeeperThread(
            self._config, self._open_store, self._clock, self._patience, self._report
        )
        self._thread.start()

    def ask_to_end(self) -> None:
        """Let the thread give up what it does and close its session; does not wait."""
        if self._thread is not None:
            self._thread.ask_to_end()

    def wait_for_end(self, seconds: float) -> None:
        """Wait for the end of the thread, but not longer than `seconds`."""
        if self._thread is not None:
            self._thread.join(seconds)

    def _report(self, view: SchemaView) -> None:
        self._reports.put(view)
        self._wake.set()


class _KeeperThread(threading.Thread):
    def __init__(
        self,
        config: NodeConfig,
        open_store: OpenStore,
        clock: Clock,
        patience: SchemaPatience,
        report: Callable[[SchemaView], None],
    ) -> None:
        super().__init__(name="schema", daemon=True)
        self._config = config
        self._open_store = open_store
        self._clock = clock
        self._patience = patience
        self._report = report
        self._look = threading.Event()
        self.is_asked = False

    def ask_to_end(self) -> None:
        self.is_asked = True
        self._look.set()

    def run(self) -> None:
        from cluster.schema.tree import VERSION_PATH
        from supervisor.schema import SchemaWork

        store = self._open_store(self._config)
        store.watch(VERSION_PATH, lambda _: self._look.set())
        store.on_session(lambda _: self._look.set())
        work = SchemaWork(
            config=self._config,
            store=store,
            clock=self._clock,
            patience=self._patience,
            report=self._report,
            is_asked_to_end=lambda: self.is_asked,
        )
        try:
            while not self.is_asked:
                wait = work.round()
                self._look.wait(wait)
                self._look.clear()
        finally:
            store.close()

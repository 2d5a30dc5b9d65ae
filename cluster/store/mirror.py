"""The tree of the store in memory, for processes that read everything.

Invariants: what is read here once stood in the store; no entry is lost and none outlives its key;
before the first load a read raises instead of saying that nothing exists; `age_seconds` says since
when the copy may be old. Reads cost no request and work while Zookeeper hangs.
"""

import contextlib
import threading
from collections.abc import Callable

from cluster.store.mirror_feed import DirtyPaths, MirrorFeed, is_mirrored
from cluster.store.mirror_tree import Entry, MirrorTree
from cluster.store.paths import ROOT, check_path
from cluster.store.store import Session, SessionState, Store, Value
from runtime.clock import SYSTEM_CLOCK, Clock, Instant
from runtime.deadline import Deadline
from runtime.errors import StoreUnavailable, Unavailable
from runtime.log import get_logger

log = get_logger(__name__)

ChangeSeen = Callable[[frozenset[str] | None], None]
"""Receives the paths that have changed, None for the first load; runs in the mirror's thread and
may only put something in a queue."""


class Mirror:
    """A copy of the keys at and below `root`, kept up to date by a thread of its own.

    Of a key that is not to be kept neither it nor what is below it is ever read; whoever narrows
    the copy asks `is_mirrored` too.
    """

    def __init__(
        self,
        store: Store,
        *,
        root: str = ROOT,
        keep: Callable[[str], bool] = is_mirrored,
        call_seconds: float = 2.0,
        retry_seconds: float = 0.2,
        probe_seconds: float = 1.0,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        self._store = store
        self._clock = clock
        self._retry_seconds = retry_seconds
        self._probe_seconds = probe_seconds
        self._tree = MirrorTree(check_path(root))
        self._reading = threading.RLock()
        self._keep = keep
        self._feed = MirrorFeed(store, self._tree, self.frozen, call_seconds, keep)
        self._dirty = DirtyPaths()
        self._news = threading.Condition()
        self._is_loaded = False
        self._is_closing = False
        self._has_watch = False
        self._must_load = False
        self._behind_since: Instant | None = clock.now()
        self._trouble = ""
        self._heard_at = clock.now()
        self._applied = 0
        self._listeners: list[ChangeSeen] = []
        self._thread = threading.Thread(target=self._run, name="mirror", daemon=True)

    def start(self) -> None:
        """Begin to load as soon as the store is connected; returns at once."""
        self._thread.start()
        self._store.on_session(self._on_session)
        self._store.watch(self._tree.root, self._on_event, recursive=True)

    def close(self) -> None:
        """Stop following the store; what is known stays readable."""
        with self._news:
            self._is_closing = True
            self._news.notify_all()

    @property
    def loaded(self) -> bool:
        """Whether the whole tree was read once; what was read stays readable in an outage."""
        return self._is_loaded

    @property
    def applied(self) -> int:
        """Counts the loads and updates: the same number means the same content."""
        return self._applied

    def changed_at(self, path: str) -> int:
        """Return what `applied` became when a key of the second level (`/domains/<uuid>`), or
        anything below it, changed last; 0 when it is not there. Ask before reading it: what is
        read then is at least as new."""
        return self._tree.stamp_of(path)

    def get(self, path: str) -> bytes | None:
        """Return what a key holds, None when it does not exist."""
        entry = self._entry(path)
        return None if entry is None else entry[0]

    def value(self, path: str) -> Value | None:
        """Return what a key holds with its version and owner; its `child_count` is not kept."""
        entry = self._entry(path)
        return None if entry is None else Value(*entry)

    def version(self, path: str) -> int | None:
        """Return the version of a key, None when it does not exist."""
        entry = self._entry(path)
        return None if entry is None else entry[1]

    def children(self, path: str) -> tuple[str, ...] | None:
        """Return the sorted names below a key, None when the key does not exist."""
        if self._entry(path) is None:
            return None
        return tuple(sorted(self._tree.names(path)))

    def __len__(self) -> int:
        return len(self._tree.entries)

    def frozen(self) -> contextlib.AbstractContextManager[object]:
        """Let nothing change for a `with` block, which must not wait for anything."""
        return self._reading

    def age_seconds(self, now: Instant) -> float:
        """Return since how long the copy may be old; 0 while connected and caught up."""
        since = self._behind_since
        session = self._store.session()
        if session.state is not SessionState.CONNECTED:
            since = session.since if since is None else min(since, session.since)
        return 0.0 if since is None else max(0.0, now - since)

    @property
    def trouble(self) -> str:
        """Why the copy could not be brought up to date last; empty when it could."""
        return self._trouble

    def on_change(self, callback: ChangeSeen) -> None:
        """Call back after each update."""
        self._listeners.append(callback)

    def wait_applied(self, more_than: int, deadline: Deadline) -> int:
        """Return `applied` as soon as it exceeds `more_than`, or what it is at the deadline."""
        with self._news:
            while self._applied <= more_than and not deadline.is_over and not self._is_closing:
                self._news.wait(deadline.left())
            return self._applied

    def _entry(self, path: str) -> Entry | None:
        if not self._is_loaded:
            raise StoreUnavailable("the tree has not been read from Zookeeper yet")
        return self._tree.entries.get(path)

    def _on_session(self, session: Session) -> None:
        if session.state is SessionState.CONNECTED:
            return
        with self._news:
            self._has_watch = False
            if self._behind_since is None:
                self._behind_since = session.since

    def _on_event(self, path: str | None) -> None:
        if path is not None and not self._keep(path):
            return
        with self._news:
            if path is None:
                self._has_watch = self._must_load = True
            else:
                self._dirty.add(path)
            if self._behind_since is None:
                self._behind_since = self._clock.now()
            self._news.notify_all()

    def _run(self) -> None:
        try:
            self._follow()
        finally:
            # Closed, or a bug of ours: whoever asks must see that the copy grows old.
            with self._news:
                self._is_closing = True
                self._behind_since = self._behind_since or self._clock.now()

    def _follow(self) -> None:
        while self._wait_for_news():
            asked_at = self._clock.now()
            try:
                if not self._load_if_needed():
                    # Without news this reads the root alone: a server that has stopped answering
                    # sends no events either, and the copy would grow old without a sign.
                    self._feed.refresh(self._dirty)
            except Unavailable as error:
                self._fall_behind(error)
            else:
                self._heard_at = asked_at
                self._publish()

    def _wait_for_news(self) -> bool:
        with self._news:
            if not self._has_news():
                self._news.wait(self._probe_seconds)
            while not (self._has_news() or self._is_loaded):
                self._news.wait()
            return not self._is_closing

    def _has_news(self) -> bool:
        return self._is_closing or self._must_load or (self._is_loaded and bool(self._dirty))

    def _fall_behind(self, error: Unavailable) -> None:
        with self._news:
            if self._behind_since is None:
                self._behind_since = self._heard_at
            if error.message != self._trouble:
                self._trouble = error.message
                log.warning("mirror_fell_behind", error=error)
            if not self._is_closing:
                self._news.wait(self._retry_seconds)

    def _load_if_needed(self) -> bool:
        with self._news:
            must_load, self._must_load = self._must_load, False
        if not must_load:
            return False
        started = self._clock.now()
        try:
            self._feed.load()
        except Unavailable:
            with self._news:
                self._must_load = True
            raise
        log.info("mirror_loaded", keys=len(self), seconds=round(self._clock.now() - started, 3))
        return True

    def _publish(self) -> None:
        with self._news:
            is_first = not self._is_loaded
            self._trouble = ""
            changed = self._tree.take_changed()
            if changed or is_first:
                # The stamps come first: whoever sees the new number finds them.
                self._tree.stamp(changed, self._applied + 1)
                self._applied += 1
            self._is_loaded = True
            if self._has_watch and not self._must_load and not self._dirty:
                self._behind_since = None
            self._news.notify_all()
        if changed or is_first:
            for listener in tuple(self._listeners):
                listener(None if is_first else changed)

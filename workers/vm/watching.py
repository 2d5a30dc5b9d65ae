"""The tree in this process: a narrow copy of it, and what is too large for a copy.

Invariant: of thousands of VMs only what tells whose they are is copied; beats, statistics and
consoles, which change all the time, never are, and wake nobody.
"""

import threading
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Final

from cluster.definition.reading import examine
from cluster.records.vm_label_record import read_meta
from cluster.schema import codec
from cluster.schema.layout import Layout
from cluster.store.mirror import Mirror
from cluster.store.mirror_feed import is_mirrored
from cluster.store.paths import ROOT, name_of
from cluster.store.store import SessionState, Store, Value
from runtime.clock import Clock
from runtime.deadline import Deadline
from workers.vm.tree import Details

_VM_KEYS: Final = ("vm.wanted", "vm.seen", "vm.transfer", "vm.arrival")
_DETAILS: Final = ("vm.xml", "vm.meta")
_QUIET_NODE_KEYS: Final = ("node.facts", "node.flush")
"""What changes at each beat, or by ourselves, and asks for nothing at once."""
_NODE_KEYS: Final = (
    *_QUIET_NODE_KEYS,
    "node.presence",
    "node.daemon_state",
    "node.domain_state",
    "node.wanted_domain_state",
)
_AT_ONCE: Final = 500


class Keep:
    """Which keys are copied."""

    def __init__(self, layout: Layout) -> None:
        self._domains = layout.path("vms")
        self._nodes = layout.path("nodes")
        self._tasks = layout.path("tasks")
        self._vm_keys = _last_names(layout, _VM_KEYS, vm="x")
        self._node_keys = _last_names(layout, _NODE_KEYS, node="x")
        self._quiet_node_keys = _last_names(layout, _QUIET_NODE_KEYS, node="x")

    def copies(self, path: str) -> bool:
        """Whether a key is copied."""
        top, _, key = _parts(path)
        if top == self._domains:
            return not key or key in self._vm_keys
        if top == self._nodes:
            return not key or key in self._node_keys
        return top == self._tasks and is_mirrored(path)

    def wakes(self, path: str) -> bool:
        """Whether a change of a key that is copied is a reason to look."""
        top, _, key = _parts(path)
        return top != self._nodes or key not in self._quiet_node_keys


class WatchedTree:
    """A copy of the tree by a mirror. Implements `workers.vm.tree.Copy`."""

    def __init__(self, store: Store, layout: Layout, clock: Clock, *, call_seconds: float) -> None:
        self._store = store
        self._clock = clock
        self._call_seconds = call_seconds
        self._keep = Keep(layout)
        self._changed = _Changed()
        self._mirror = Mirror(store, keep=self._keep.copies, call_seconds=call_seconds, clock=clock)

    def start(self, wake: Callable[[], None]) -> None:
        """Begin to follow the tree; `wake` is called when it is time to look."""

        def changed(paths: frozenset[str] | None) -> None:
            self._changed.add(paths)
            if paths is None or any(self._keep.wakes(path) for path in paths):
                wake()

        self._mirror.on_change(changed)
        self._store.on_session(lambda _: wake())
        self._mirror.start()

    def get(self, path: str) -> bytes | None:
        """Return what a key holds, None when it does not exist."""
        return self._mirror.get(path)

    def children(self, path: str) -> Iterable[str] | None:
        """Return the names below a key, None when the key does not exist."""
        return self._mirror.children(path)

    def version(self, path: str) -> int | None:
        """Return the version of a key, None when it does not exist."""
        return self._mirror.version(path)

    def take_changed(self) -> frozenset[str] | None:
        """Return the paths that changed since the last time; None: all may have."""
        return self._changed.take()

    def trouble(self) -> str:
        """Why the copy cannot be believed; empty when it can."""
        if self._store.session().state is not SessionState.CONNECTED:
            return "no connection with the store"
        if not self._mirror.loaded:
            return "the tree has not been read yet"
        # In a busy cluster the copy is a moment behind most of the time; that is no trouble, since
        # nothing is done without reading afresh.
        if self._mirror.age_seconds(self._clock.now()) <= self._call_seconds:
            return ""
        return f"the store does not answer: {self._mirror.trouble or 'it is silent'}"


class StoreDetails:
    """Definitions and meta from the store. Implements `workers.vm.tree.DetailsReader`."""

    def __init__(self, store: Store, layout: Layout, clock: Clock, *, call_seconds: float) -> None:
        self._store = store
        self._layout = layout
        self._clock = clock
        self._call_seconds = call_seconds
        self._top = layout.path("vms")
        self._keys = _last_names(layout, _DETAILS, vm="x")
        self._changed = _Changed()

    def start(self, wake: Callable[[], None]) -> None:
        """Begin to note what changes."""

        def changed(path: str | None) -> None:
            if path is None:
                self._changed.add(None)
            else:
                top, uuid, key = _parts(path)
                if top != self._top or key not in self._keys:
                    return
                self._changed.add(frozenset((uuid,)))
            wake()

        # At the root, as the mirror does: a second watch would double each event.
        self._store.watch(ROOT, changed, recursive=True)

    def take_changed(self) -> frozenset[str] | None:
        """Return the VMs whose details changed since the last time; None: all may have."""
        return self._changed.take()

    def read(self, uuids: Collection[str]) -> Mapping[str, Details]:
        """Return the details of VMs as they are now."""
        found: dict[str, Details] = {}
        waiting = list(uuids)
        for start in range(0, len(waiting), _AT_ONCE):
            part = waiting[start : start + _AT_ONCE]
            paths = [self._layout.path(key, vm=uuid) for uuid in part for key in _DETAILS]
            deadline = Deadline.after(self._call_seconds, self._clock)
            values = self._store.read_many(paths, deadline)
            for number, uuid in enumerate(part):
                xml, meta = (values[path] for path in paths[2 * number : 2 * number + 2])
                found[uuid] = _details(xml, meta)
        return found


class _Changed:
    """What changed since it was taken last; added to from other threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._names: set[str] | None = None

    def add(self, names: frozenset[str] | None) -> None:
        with self._lock:
            if names is None:
                self._names = None
            elif self._names is not None:
                self._names |= names

    def take(self) -> frozenset[str] | None:
        with self._lock:
            taken, self._names = self._names, set()
            return None if taken is None else frozenset(taken)


def _details(xml: Value | None, meta: Value | None) -> Details:
    return Details(
        definition=None if xml is None else examine(codec.read_text(xml.data)),
        meta=read_meta(None if meta is None else meta.data),
    )


def _parts(path: str) -> tuple[str, str, str]:
    """Return the key of the first level, the name below it, and what follows."""
    _, top, *below = path.split("/", 3)
    return f"/{top}", below[0] if below else "", below[1] if len(below) > 1 else ""


def _last_names(layout: Layout, keys: Iterable[str], **objects: str) -> frozenset[str]:
    return frozenset(name_of(layout.path(key, **objects)) for key in keys)

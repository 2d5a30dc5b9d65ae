"""A store in which somebody else is faster."""

from collections.abc import Callable, Sequence
from typing import Any

from cluster.store.store import Change, Store
from runtime.deadline import Deadline


class WatchedStore:
    """Calls `meanwhile` before the first transaction, or before each."""

    def __init__(
        self, store: Store, meanwhile: Callable[[], object], *, always: bool = False
    ) -> None:
        self._store = store
        self._meanwhile: Callable[[], object] | None = meanwhile
        self._always = always

    def apply(self, changes: Sequence[Change], deadline: Deadline) -> None:
        """Make all changes or none, after somebody else's."""
        meanwhile = self._meanwhile
        if not self._always:
            self._meanwhile = None
        if meanwhile is not None:
            meanwhile()
        self._store.apply(changes, deadline)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

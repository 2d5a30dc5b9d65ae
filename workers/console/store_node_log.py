"""The node's log in the store.

Invariant: a line is stored once. When it is not known whether a write was made, the log is read
again before anything is added, and what is found is not written a second time.
"""

from collections.abc import Sequence

from cluster.records.log_fetch import fetch_tails
from cluster.records.log_record import Tail, append, of_node
from cluster.schema.layout import Layout
from cluster.schema.logchunk import one_line
from cluster.store.store import Store
from runtime.clock import Clock
from runtime.deadline import Deadline
from runtime.errors import Refused, Unavailable


class StoreNodeLog:
    """Adds lines to this node's log."""

    def __init__(
        self,
        store: Store,
        layout: Layout,
        node: str,
        *,
        keep_lines: int,
        call_seconds: float,
        clock: Clock,
    ) -> None:
        self._store = store
        self._keys = of_node(layout, node)
        self._keep_lines = keep_lines
        self._call_seconds = call_seconds
        self._clock = clock
        self._tail = Tail()
        self._is_known = False
        self._doubtful: Sequence[str] = ()

    @property
    def next_number(self) -> int:
        """The number of the next line."""
        return self._tail.next_number

    def open(self) -> bool:
        """Read where the log stands unless that is known."""
        if self._is_known:
            return False
        before, self._tail = self._tail, self._read_tail()
        self._is_known = True
        doubtful, self._doubtful = self._doubtful, ()
        if not doubtful or self._tail.next_number != before.next_number + len(doubtful):
            return False
        return self._tail.last[-1:] == (one_line(doubtful[-1]),)

    def append(self, lines: Sequence[str]) -> None:
        """Add lines in one transaction."""
        tail, changes = append(self._keys, self._tail, lines, keep_lines=self._keep_lines)
        try:
            self._store.apply(changes, Deadline.after(self._call_seconds, self._clock))
        except (Unavailable, Refused) as error:
            self._is_known, self._doubtful = False, tuple(lines)
            if isinstance(error, Unavailable):
                raise
            raise Unavailable(f"node log not written: {error.message}") from error
        self._tail = tail

    def _read_tail(self) -> Tail:
        deadline = Deadline.after(self._call_seconds, self._clock)
        return fetch_tails(self._store, [self._keys], (), deadline).tails[self._keys] or Tail()

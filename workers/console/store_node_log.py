"""The node's log in the store.

Invariant: a line is stored once. When it is not known whether a write was made, the log is read
again before anything is added, and what is found is not written a second time.
"""

from collections.abc import Sequence

from cluster.records.log_record import Tail, append, read_tail
from cluster.records.view import DictView
from cluster.schema.layout import Layout
from cluster.schema.logchunk import first_number, one_line
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
        self._layout = layout
        self._node = node
        self._path = layout.path("node.log", node=node)
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
        tail, changes = append(
            self._layout, self._node, self._tail, lines, keep_lines=self._keep_lines
        )
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
        names = self._store.children(self._path, deadline) or ()
        chunks = sorted(name for name in names if first_number(name) is not None)
        values = {f"{self._path}/{name}": b"" for name in chunks}
        if chunks:
            last = f"{self._path}/{chunks[-1]}"
            value = self._store.read(last, deadline)
            values[last] = value.data if value is not None else b""
        return read_tail(DictView({self._path: b"", **values}), self._layout, self._node)

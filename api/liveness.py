"""For how long each node's beat has not moved, by this process's own clock; pure.

Invariant: wall times of two hosts are never compared, and an observer that could not have seen a
beat move concludes nothing: without a session its clocks stop, and start afresh when it is back.
"""

from collections.abc import Mapping

from runtime.clock import Instant


class BeatWatch:
    """Remembers when each beat was last seen to move."""

    def __init__(self) -> None:
        self._seen: dict[str, tuple[str, Instant]] = {}

    def observe(self, beats: Mapping[str, str], now: Instant, *, is_current: bool) -> None:
        """Look at all beats; `is_current` says whether the tree is followed at this moment."""
        if not is_current:
            self._seen = {}
            return
        before = self._seen
        self._seen = {
            node: before[node] if node in before and before[node][0] == beat else (beat, now)
            for node, beat in beats.items()
        }

    def silent_for(self, node: str, beat_now: str, now: Instant) -> float | None:
        """Return the seconds since this beat was first seen; None when that cannot be told."""
        seen = self._seen.get(node)
        if seen is None:
            return None
        return max(0.0, now - seen[1]) if seen[0] == beat_now else 0.0

"""How the supervisor runs keepalive, and the times it keeps."""

from typing import Final

from workers.spec import WhenExhausted, WorkerSpec

SPEC = WorkerSpec(
    name="keepalive",
    beat_timeout_seconds=2.5,
    stop_timeout_seconds=3.0,
    restarts=5,
    restart_window_seconds=30.0,
    when_exhausted=WhenExhausted.ESCALATE,
    needs_current_schema=False,
    nice=-15,
    is_realtime=True,
)

RETRY_SECONDS: Final = 0.05
"""How soon a key that was missing, or there already, is written the other way."""
LAST_BEAT_SECONDS: Final = 1.0
"""How long the last beat of a node that leaves may take."""
FACTS_STALE_SECONDS: Final = 15.0
"""A running worker whose facts are older is reported."""
SAMPLE_STALE_SLOTS: Final = 5
"""A machine that was asked for a sample in so many slots and gave none is reported. Slots in which
keepalive did not run do not count: a pause of the whole node is no fault of its machine."""
ROOT_SILENT_SECONDS: Final = 10.0
"""A root that has told nothing for longer is reported."""
LATE_SHOWN_SECONDS: Final = 60.0
"""How long beats that were left out because this node was too slow stay reported."""
VERIFY_SLOTS: Final = 5
"""Every so many beats it is made sure that our presence and state are still there."""

"""How the supervisor runs the console worker, and the limits it keeps."""

from typing import Final

from workers.spec import WorkerSpec

SPEC = WorkerSpec(name="console", beat_timeout_seconds=5.0)

WRITE_SECONDS: Final = 0.5
"""Between two writes of the node's log."""
FACTS_SECONDS: Final = 5.0
"""Between two messages about how the log stands."""
WRITE_BYTES: Final = 128 * 1024
"""The most that one write of the log carries; the store refuses much more than a megabyte."""

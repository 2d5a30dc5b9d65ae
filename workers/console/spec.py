"""How the supervisor runs the console worker."""

from workers.spec import WorkerSpec

SPEC = WorkerSpec(name="console", beat_timeout_seconds=5.0)

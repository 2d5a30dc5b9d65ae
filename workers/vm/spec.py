"""How the supervisor runs the vm worker."""

from workers.spec import WorkerSpec

SPEC = WorkerSpec(name="vm", beat_timeout_seconds=5.0)

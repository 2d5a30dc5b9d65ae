"""How the supervisor runs the vm worker."""

from workers.spec import RunsOn, WorkerSpec

SPEC = WorkerSpec(name="vm", runs_on=RunsOn.VM_NODES, beat_timeout_seconds=5.0)

"""How the supervisor runs keepalive."""

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
)

"""How the supervisor runs the console worker, and the limits it keeps."""

from typing import Final

from workers.spec import WorkerSpec

SPEC = WorkerSpec(name="console", beat_timeout_seconds=5.0)

WRITE_SECONDS: Final = 0.5
"""Between two writes of one log."""
FACTS_SECONDS: Final = 5.0
"""Between two messages about how the logs stand."""
WRITE_BYTES: Final = 128 * 1024
"""The most that one write of the node's log carries; the store refuses much more than a
megabyte."""

LOOK_SECONDS: Final = 0.25
"""Between two looks at the files of the consoles."""
CONSOLE_BYTES: Final = 512 * 1024
"""The most that one write of a console carries; of what came since the last one the end."""
CONSOLE_WRITES: Final = 20.0
"""Writes of consoles per second, of all VMs of this node together: with more than ten VMs that
print all the time each is written less often, with a hundred every five seconds."""
CONSOLES_BYTES: Final = 512.0 * 1024
"""Bytes of them per second."""
STORE_SECONDS: Final = 1.0
"""What consoles may cost of one round; the beat must come in time."""
OPEN_AT_ONCE: Final = 50
"""Consoles that are looked up in the store in one burst."""
AGAIN_SECONDS: Final = 5.0
"""Before a console is looked up again whose VM was not in the tree."""

"""How patient the root is: its own seconds, as a worker's are in its spec.

`Patience()` is what production runs with; a test that runs a real root may hand in a shorter one.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """All seconds of the root; what a worker is given stands in its own spec."""

    facts_interval_seconds: float = 1.0
    """`facts.supervisor` is sent this often, and at each change."""
    stop_repeat_seconds: float = 0.2
    """The order to stop is repeated this often, because the bus may lose it."""
    abandon_after_seconds: float = 2.0
    """A killed process that is not gone by then is stuck in the kernel: its successor starts."""
    back_off_seconds: float = 0.25
    """The second restart in a window waits this long, each further one twice as long."""
    back_off_at_most_seconds: float = 5.0
    unready_pause_seconds: float = 1.0
    """One that died before its first beat waits at least this long: it is not ready at once."""
    park_seconds: float = 60.0
    """A parked worker is tried again after this long, each further time twice as long."""
    park_at_most_seconds: float = 600.0
    start_apart_seconds: float = 1.0
    """At the first start each waits for its predecessor's first beat, but not longer."""
    announce_seconds: float = 1.5
    """How long keepalive is given to say that the node leaves before the others are stopped."""
    late_seconds: float = 0.25
    """A turn later than this was not the workers' fault: their timers are put off by as much."""
    pause_seconds: float = 1.0
    """After a pause of this length (SIGSTOP, frozen machine) their timers start afresh."""

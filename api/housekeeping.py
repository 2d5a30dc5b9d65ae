"""What the main thread does while the server serves: looks at beats, tells systemd, awaits the end.

Signals are blocked in every thread and read here, so none interrupts a handler or a lock.
"""

import signal
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Final

from api.cluster_reader import ClusterReader
from api.liveness import BeatWatch
from api.schema_gate import Verdict
from api.tree import MirroredTree
from runtime.clock import LONG_AGO, Clock, Instant, later
from runtime.deadline import Deadline
from runtime.log import get_logger

ROUND_SECONDS: Final = 0.5
"""How often beats are looked at; a tenth of the time after which a silent node is shown dead."""
ENDING: Final = (signal.SIGTERM, signal.SIGINT)

Notify = Callable[..., None]
Wait = Callable[[float], bool]

log = get_logger(__name__)


class End(Enum):
    """Why the process ends."""

    STOPPED = "stopped"
    REEXECUTED = "reexecuted"
    """The tree was advanced to a layout that newer software may speak."""
    BROKEN = "broken"
    """The server's thread has ended by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Household:
    """What is looked after."""

    tree: MirroredTree
    cluster: ClusterReader
    beats: BeatWatch
    clock: Clock
    notify: Notify
    prepare: Callable[[], None]
    """Does for a moment what spares clients from waiting later."""
    is_serving: Callable[[], bool]
    answers: Callable[[Deadline], bool]
    watchdog_seconds: float | None


def block_signals() -> None:
    """Let the signals that end us wait for `signalled`; call it before any thread starts."""
    signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)


def signalled(seconds: float) -> bool:
    """Wait so long for a signal; return whether one came."""
    found = signal.sigtimedwait(ENDING, seconds)
    # A pause of the process (SIGSTOP, a frozen machine) that outlasts the wait makes Python return
    # a description of no signal at all.
    return found is not None and found.si_signo in ENDING


def keep_house(house: Household, wait: Wait = signalled) -> End:
    """Do rounds until there is a reason to end."""
    status, watchdog_at = "", LONG_AGO
    while True:
        verdict = look(house)
        if not house.is_serving():
            return End.BROKEN
        if verdict is Verdict.RESTART:
            return End.REEXECUTED
        said, status = status, status_line(house.tree)
        if said != status:
            house.notify(f"STATUS={status}")
            log.info("api_status_changed", status=status)
        watchdog_at = _feed_watchdog(house, watchdog_at)
        if wait(ROUND_SECONDS):
            return End.STOPPED


def look(house: Household) -> Verdict:
    """Look at all beats once; return what the schema version asks for."""
    if house.tree.age_seconds() is None:
        return Verdict.REFUSE
    verdict = house.tree.gate().verdict
    is_current = verdict is Verdict.SERVE and house.tree.is_current()
    beats = house.cluster.beats() if is_current else {}
    house.beats.observe(beats, house.clock.now(), is_current=is_current)
    if verdict is Verdict.SERVE:
        house.prepare()
    return verdict


def status_line(tree: MirroredTree) -> str:
    """Return how we are, for `systemctl status`."""
    if tree.age_seconds() is None:
        return "waiting for the store"
    gate = tree.gate()
    if gate.verdict is not Verdict.SERVE:
        return gate.message
    is_current = tree.is_current()
    return "serving" if is_current else "serving what was known: the store cannot be reached"


def _feed_watchdog(house: Household, last: Instant) -> Instant:
    if not house.watchdog_seconds:
        return last
    interval = house.watchdog_seconds / 3
    now = house.clock.now()
    if now < later(last, interval) or not house.answers(Deadline.after(interval, house.clock)):
        return last
    house.notify("WATCHDOG=1")
    return now

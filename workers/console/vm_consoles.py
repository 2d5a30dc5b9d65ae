"""The consoles of this node's VMs: which are followed, which have something to store.

Invariant: which VMs run here is the last word of the vm worker, so its death ends nothing; a
console is let go only when all that is in its file is stored, or its VM is in the tree no more.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from bus.messages import Envelope, Facts
from runtime.clock import LONG_AGO, Clock, Instant, later
from runtime.deadline import Deadline
from runtime.errors import Unavailable
from runtime.log import get_logger
from workers.console.seen import ConsolesSeen
from workers.console.spec import (
    AGAIN_SECONDS,
    CONSOLE_BYTES,
    LOOK_SECONDS,
    OPEN_AT_ONCE,
    STORE_SECONDS,
)
from workers.console.tail import Tail
from workers.console.taking import Bounds
from workers.console.vm_console import VmConsole
from workers.console.vm_logs import VmLogs

log = get_logger(__name__)

_TELLER: Final = "vm"


@dataclass(frozen=True, slots=True)
class Wanted:
    """A console that is to be followed."""

    name: str
    path: str


class VmConsoles:
    """Follows the consoles of the VMs that run here."""

    def __init__(self, logs: VmLogs, clock: Clock, *, keep_lines: int, call_seconds: float) -> None:
        self._logs = logs
        self._clock = clock
        self._bounds = Bounds(lines=keep_lines, bytes=CONSOLE_BYTES)
        self._round_seconds = min(STORE_SECONDS, call_seconds)
        self._wanted: Mapping[str, Wanted] = {}
        self._consoles: dict[str, VmConsole] = {}
        self._ready: set[str] = set()
        self._looked_at = LONG_AGO
        self._deadline = Deadline(clock.now(), clock)
        self._skipped = 0
        """By consoles that were let go."""

    def hear(self, envelope: Envelope) -> bool:
        """Take the vm worker's word; True when it is another than before."""
        message = envelope.message
        if not isinstance(message, Facts) or message.worker != _TELLER:
            return False
        before, self._wanted = self._wanted, _wanted(message.values.get("consoles"))
        return before != self._wanted

    def observe(self) -> ConsolesSeen:
        """Return how the consoles stand; raises `Unavailable` while that cannot be known."""
        now = self._clock.now()
        self._deadline = Deadline.after(self._round_seconds, self._clock)
        self._follow()
        self._open(now)
        if now >= later(self._looked_at, LOOK_SECONDS):
            self._looked_at = now
            self._let_go_of_those_read()
            self._ready = {c.vm for c in self._consoles.values() if self._is_ready(c, now)}
        return ConsolesSeen(
            followed=len(self._consoles),
            ready=frozenset(self._ready),
            stored_bytes=self._logs.stored_bytes,
            skipped=self._skipped + sum(c.skipped for c in self._consoles.values()),
            troubles={c.name: c.tail.trouble for c in self._consoles.values() if c.tail.trouble},
        )

    def store(self, vm: str) -> None:
        """Store what was appended to one console; raises `Unavailable`."""
        console = self._consoles.get(vm)
        if console is None or self._deadline.is_over:
            return  # its turn comes again
        self._ready.discard(vm)
        is_last = self._is_leaving(console)
        is_all = console.store(
            self._logs, self._clock.now(), self._bounds, self._deadline, is_last=is_last
        )
        if is_last and is_all:
            self._let_go(console)

    def finish(self) -> None:
        """Store what is there; one attempt, since whoever told us to end waits too."""
        self._looked_at = LONG_AGO
        try:
            self.observe()
            for vm in sorted(self._ready):
                self.store(vm)
        except Unavailable as error:
            log.warning("consoles_left", reason=error.message)

    def _follow(self) -> None:
        for vm, wanted in self._wanted.items():
            console = self._consoles.get(vm)
            if console is None:
                self._consoles[vm] = VmConsole(
                    vm=vm, name=wanted.name, path=wanted.path, tail=Tail(wanted.path)
                )
            else:
                console.name = wanted.name

    def _open(self, now: Instant) -> None:
        closed = [c.vm for c in self._consoles.values() if not c.is_open and now >= c.open_at][
            :OPEN_AT_ONCE
        ]
        if not closed:
            return
        for vm, found in self._logs.open(closed, self._deadline).items():
            console = self._consoles[vm]
            if found is not None:
                console.opened(found, self._logs.node)
            elif self._is_leaving(console):
                self._let_go(console)
            else:
                console.open_at = later(now, AGAIN_SECONDS)

    def _let_go_of_those_read(self) -> None:
        """They need no turn."""
        for console in list(self._consoles.values()):
            if console.is_open and self._is_leaving(console) and console.tail.is_read():
                self._let_go(console)

    def _is_ready(self, console: VmConsole, now: Instant) -> bool:
        return console.is_open and (self._is_leaving(console) or console.look(now))

    def _is_leaving(self, console: VmConsole) -> bool:
        """Whether it is followed no more; a VM that was renamed has another file."""
        wanted = self._wanted.get(console.vm)
        return wanted is None or wanted.path != console.path

    def _let_go(self, console: VmConsole) -> None:
        console.tail.close()
        self._skipped += console.skipped
        del self._consoles[console.vm]


def _wanted(plain: object) -> dict[str, Wanted]:
    """Return the consoles in the vm worker's facts; what is none is left out."""
    found: dict[str, Wanted] = {}
    for vm, value in plain.items() if isinstance(plain, Mapping) else ():
        name, path = (value.get(key) for key in ("name", "path")) if _is_map(value) else ("", "")
        if isinstance(name, str) and isinstance(path, str) and path and _can_be_key(vm):
            found[vm] = Wanted(name, path)
    return found


def _is_map(value: object) -> bool:
    return isinstance(value, Mapping)


def _can_be_key(vm: object) -> bool:
    return isinstance(vm, str) and bool(vm) and "/" not in vm and vm not in (".", "..")

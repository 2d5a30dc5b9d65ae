"""Both copies of a VM in a live migration: how each is, and what can be done to it.

Invariants: a side that does not answer is UNKNOWN, and asked by a new connection the next time;
every call has a time limit and is left behind when it is over; the other node is never this one,
whatever its name leads to.
"""

import os
from collections.abc import Callable
from typing import Any, Final

import libvirt

from runtime.errors import Unavailable
from workers.vm.child import processes
from workers.vm.child.libvirt_connection import OPEN_SECONDS, find, in_thread, is_gone, open_libvirt
from workers.vm.child.settling import Side

CALL_SECONDS: Final = 10.0
DESTROY_SECONDS: Final = 20.0
_MOVING: Final = (libvirt.VIR_DOMAIN_JOB_BOUNDED, libvirt.VIR_DOMAIN_JOB_UNBOUNDED)
_NOT_WHOLE: Final = (libvirt.VIR_DOMAIN_PAUSED_MIGRATION, libvirt.VIR_DOMAIN_PAUSED_STARTING_UP)
_ENDING: Final = (libvirt.VIR_DOMAIN_SHUTDOWN, libvirt.VIR_DOMAIN_SHUTOFF)


class Copy:
    """A VM on one node."""

    def __init__(self, uri: str, uuid: str, connection: Any = None) -> None:
        self._uri = uri
        self._uuid = uuid
        self._connection = connection

    def connect(self, seconds: float = OPEN_SECONDS) -> Any:
        """Return a connection to its libvirt; raises `Unavailable`."""
        if self._connection is None:
            self._connection = open_libvirt(self._uri, seconds)
        return self._connection

    def domain(self) -> Any:
        """Return the domain, None when libvirt has none; raises `Unavailable`."""
        return self.ask(lambda: find(self.connect(), self._uuid))

    def ask(self, call: Callable[[], Any], seconds: float = CALL_SECONDS) -> Any:
        """Return what a call returns; raises `Unavailable` when it fails for want of an answer."""
        try:
            return in_thread(call, seconds)
        except Unavailable:
            self._connection = None
            raise
        except libvirt.libvirtError as error:
            if is_gone(error):
                return None
            self._connection = None
            raise Unavailable(f"{self._uri}: {error}") from error

    def resume(self) -> None:
        """Let it run."""
        self._do(lambda domain: domain.resume(), CALL_SECONDS)

    def destroy(self) -> None:
        """End it."""
        self._do(lambda domain: domain.destroy(), DESTROY_SECONDS)

    def _do(self, call: Callable[[Any], Any], seconds: float) -> None:
        domain = self.domain()
        if domain is not None:
            self.ask(lambda: call(domain), seconds)


class Source(Copy):
    """The copy on this node."""

    def look(self) -> tuple[Side, bool]:
        """Return how it is, and whether a migration of it is under way."""
        has_process = processes.find_qemu(self._uuid) is not None
        try:
            domain = self.domain()
            found = None if domain is None else self.ask(lambda: _state_and_job(domain))
        except Unavailable:
            # Without its process it is gone, whether libvirt says so or nothing.
            return Side.UNKNOWN if has_process else Side.GONE, False
        if found is None:
            # A process that libvirt does not know is at its end, or lost.
            return Side.LEAVING if has_process else Side.GONE, False
        state, reason, is_moving = found
        if state in _ENDING and not has_process:
            return Side.GONE, False
        if state in _ENDING or not has_process:
            return Side.LEAVING, is_moving
        is_held = state == libvirt.VIR_DOMAIN_PAUSED and reason in _NOT_WHOLE
        return Side.HELD if is_held else Side.RUNNING, is_moving

    def break_off(self) -> None:
        """Break its migration off."""
        domain = self.domain()
        if domain is not None:
            self.ask(domain.abortJob)


def _state_and_job(domain: Any) -> tuple[int, int, bool]:
    state, reason = domain.state()
    return state, reason, domain.jobInfo()[0] in _MOVING


class Target(Copy):
    """The copy on the other node."""

    def connect(self, seconds: float = OPEN_SECONDS) -> Any:
        """Return a connection to its libvirt; raises `Unavailable`, also when that is our own."""
        if self._connection is None:
            connection = open_libvirt(self._uri, seconds)
            self._check_elsewhere(connection, seconds)
            self._connection = connection
        return self._connection

    def _check_elsewhere(self, connection: Any, seconds: float) -> None:
        """A broken record, or a name that resolves to us, would have us end our only copy."""
        try:
            name = in_thread(connection.getHostname, seconds)
        except libvirt.libvirtError as error:
            raise Unavailable(f"{self._uri}: {error}") from error
        if name.partition(".")[0] == os.uname().nodename.partition(".")[0]:
            message = f"{self._uri} leads to this node itself: mend what that name resolves to"
            raise Unavailable(message, uri=self._uri)

    def look(self) -> Side:
        """Return how it is."""
        try:
            domain = self.domain()
            state = None if domain is None else self.ask(domain.state)
        except Unavailable:
            return Side.UNKNOWN
        if state is None:
            return Side.GONE
        if state[0] in _ENDING:
            return Side.LEAVING
        if state[0] != libvirt.VIR_DOMAIN_PAUSED:
            return Side.RUNNING
        if state[1] in _NOT_WHOLE:
            return Side.ARRIVING
        return Side.HELD if state[1] == libvirt.VIR_DOMAIN_PAUSED_USER else Side.RUNNING

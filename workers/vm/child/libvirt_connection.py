"""Connections to libvirt that notice a libvirt that is dead.

Invariants: keepalive runs on every connection, so a libvirt that stops ends our calls after some
4 seconds; opening, which keepalive cannot guard, is done in a thread that is left behind when its
time is over. What keepalive does not see (a guest's own process that answers nothing) only the end
of this process ends.
"""

import queue
import threading
from collections.abc import Callable
from typing import Any, Final

import libvirt

from runtime.deadline import Deadline
from runtime.errors import DeadlineExceeded, NotFound, Unavailable

_KEEPALIVE_SECONDS, _KEEPALIVE_COUNT = 1, 3
OPEN_SECONDS: Final = 5.0

# These say of a call that it did not come through; the same may work later.
_PASSING: Final = (
    libvirt.VIR_ERR_AGENT_UNRESPONSIVE,
    libvirt.VIR_ERR_INTERNAL_ERROR,
    libvirt.VIR_ERR_NO_CONNECT,
    libvirt.VIR_ERR_NO_MEMORY,
    libvirt.VIR_ERR_OPERATION_ABORTED,
    libvirt.VIR_ERR_OPERATION_FAILED,
    libvirt.VIR_ERR_OPERATION_TIMEOUT,
    libvirt.VIR_ERR_RPC,
    libvirt.VIR_ERR_SYSTEM_ERROR,
)

_is_set_up = False


def open_libvirt(uri: str, seconds: float = OPEN_SECONDS) -> Any:
    """Return a connection; raises `Unavailable` when libvirt refuses or answers nothing."""
    _set_up()
    deadline = Deadline.after(seconds)
    try:
        connection = in_thread(lambda: libvirt.open(uri), deadline.left())
        _keep_alive(connection)
    except libvirt.libvirtError as error:
        raise Unavailable(f"{uri} cannot be reached: {error}") from error
    except DeadlineExceeded as error:
        raise Unavailable(f"{uri} does not answer for {seconds:g} s") from error
    return connection


def in_thread(call: Callable[[], Any], seconds: float) -> Any:
    """Return what a call returns, or raise what it raises; raises `DeadlineExceeded` and leaves
    the call behind when it takes too long."""
    answers: queue.Queue[tuple[Any, BaseException | None]] = queue.Queue(1)

    def run() -> None:
        try:
            answers.put((call(), None))
        except (libvirt.libvirtError, Unavailable, NotFound) as error:
            answers.put((None, error))

    threading.Thread(target=run, daemon=True).start()
    try:
        result, error = answers.get(timeout=seconds)
    except queue.Empty as error:
        raise DeadlineExceeded(f"no answer for {seconds:g} s") from error
    if error is not None:
        raise error
    return result


def find(connection: Any, uuid: str) -> Any:
    """Return the domain of a VM, None when libvirt has none that is active."""
    try:
        domain = connection.lookupByUUIDString(uuid)
        return domain if domain.isActive() else None
    except libvirt.libvirtError as error:
        if is_gone(error):
            return None
        raise


def is_gone(error: libvirt.libvirtError) -> bool:
    """Whether an error says that there is no such domain."""
    return bool(error.get_error_code() == libvirt.VIR_ERR_NO_DOMAIN)


def is_passing(error: libvirt.libvirtError) -> bool:
    """Whether the same may succeed later."""
    return error.get_error_code() in _PASSING


def _keep_alive(connection: Any) -> None:
    try:
        connection.setKeepAlive(_KEEPALIVE_SECONDS, _KEEPALIVE_COUNT)
    except libvirt.libvirtError as error:
        # A driver inside this process has nothing to keep alive.
        if error.get_error_code() != libvirt.VIR_ERR_NO_SUPPORT:
            raise


def _set_up() -> None:
    global _is_set_up
    if _is_set_up:
        return
    # Errors are raised; libvirt would print them as well.
    libvirt.registerErrorHandler(lambda _context, _error: None, None)
    libvirt.virEventRegisterDefaultImpl()
    threading.Thread(target=_run_events, name="libvirt events", daemon=True).start()
    _is_set_up = True


def _run_events() -> None:
    while True:
        libvirt.virEventRunDefaultImpl()

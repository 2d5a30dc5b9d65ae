"""libvirt's numbers for how a domain is, in our words; pure.

The numbers are part of libvirt's interface and never change.
"""

from typing import Final

from workers.vm.local import LocalState, Pause

_PAUSED, _SHUTDOWN, _SHUTOFF, _CRASHED, _SUSPENDED = 3, 4, 5, 6, 7

_STATES: Final = {
    _PAUSED: LocalState.PAUSED,
    _SHUTDOWN: LocalState.ENDING,
    # Still listed: its process is at its end.
    _SHUTOFF: LocalState.ENDING,
    _CRASHED: LocalState.CRASHED,
    _SUSPENDED: LocalState.PAUSED,
}

_USER, _MIGRATION, _IOERROR, _STARTING_UP, _POSTCOPY, _POSTCOPY_FAILED = 1, 2, 5, 11, 12, 13

_PAUSES: Final = {
    _USER: Pause.USER,
    _MIGRATION: Pause.MOVE,
    _IOERROR: Pause.IO_ERROR,
    _STARTING_UP: Pause.MOVE,
    _POSTCOPY: Pause.MOVE,
    _POSTCOPY_FAILED: Pause.MOVE,
}


def local_state(code: int) -> LocalState:
    """Return what a domain's state means; what may run is RUNNING."""
    return _STATES.get(code, LocalState.RUNNING)


def pause(reason: int) -> Pause:
    """Return why a paused domain is."""
    return _PAUSES.get(reason, Pause.OTHER)

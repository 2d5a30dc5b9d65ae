"""The protocol by which a unit tells systemd how it is (sd_notify(3)); one datagram per message.

Nothing happens when no one listens (NOTIFY_SOCKET unset), so a daemon started by hand works.
"""

import os
import socket


def notify(*assignments: str) -> None:
    """Send assignments such as `READY=1` or `STATUS=…` in one datagram; never blocks or raises."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    if address.startswith("@"):
        address = "\0" + address[1:]
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as end:
            end.setblocking(False)
            end.sendto("\n".join(assignments).encode(), address)
    except OSError:
        # systemd is restarting or its queue is full: the next message says the same or more.
        return


def watchdog_seconds() -> float | None:
    """Return the unit's WatchdogSec, or None when systemd expects no signs of life of us."""
    if os.environ.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return None
    microseconds = os.environ.get("WATCHDOG_USEC", "")
    return int(microseconds) / 1e6 if microseconds.isdigit() and int(microseconds) else None

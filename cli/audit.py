"""One line to syslog (facility AUTH) per invocation: who ran what, and never a key."""

import os
import re
import shlex
from collections.abc import Sequence

_LONGEST = 2000
_LONG_KEY = re.compile(r"--(?:[a-z]+-)?api-key(=.*)?", re.DOTALL)
_SHORT_KEY = re.compile(r"(-[A-Za-z]*?k)(.*)", re.DOTALL)
_HIDDEN = "***"


def record(arguments: Sequence[str]) -> None:
    """Write the line; without a syslog it is lost."""
    import syslog

    syslog.openlog("pvc", syslog.LOG_PID, syslog.LOG_AUTH)
    syslog.syslog(syslog.LOG_INFO, line(arguments, _user()))


def line(arguments: Sequence[str], user: str) -> str:
    """Return the line; values of key options are hidden, control characters escaped."""
    command = shlex.join(["pvc", *without_keys(arguments)])
    text = f"user={user} command={command}"[:_LONGEST]
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def without_keys(arguments: Sequence[str]) -> list[str]:
    """Return the arguments with every API key hidden, however it was given."""
    shown: list[str] = []
    hide_next = False
    for argument in arguments:
        if hide_next:
            shown.append(_HIDDEN)
            hide_next = False
        elif found := _LONG_KEY.fullmatch(argument):
            has_value = found.group(1) is not None
            shown.append(argument.partition("=")[0] + (f"={_HIDDEN}" if has_value else ""))
            hide_next = not has_value
        elif not argument.startswith("--") and (found := _SHORT_KEY.fullmatch(argument)):
            shown.append(found.group(1) + (_HIDDEN if found.group(2) else ""))
            hide_next = not found.group(2)
        else:
            shown.append(argument)
    return shown


def _user() -> str:
    import pwd

    uid = os.getuid()
    try:
        name = pwd.getpwuid(uid).pw_name
    except KeyError:
        name = str(uid)
    behind = os.environ.get("SUDO_USER", "")
    return f"{name}(sudo:{behind})" if behind and uid == 0 else name

"""What both daemons show when they start."""

from typing import Final, TextIO

from runtime.version import VERSION

_ART: Final = r"""
  ____   __     __   ____
 |  _ \  \ \   / /  / ___|
 | |_) |  \ \ / /  | |
 |  __/    \ V /   | |___
 |_|        \_/     \____|
"""


def banner(daemon: str, about: str) -> str:
    """Return the picture, the name and version of a daemon, and a line about this start."""
    return f"{_ART}\n  Parallel Virtual Cluster · {daemon} {VERSION} · {about}\n"


def show_banner(daemon: str, about: str, to: TextIO) -> None:
    """Write the banner and let it be read at once."""
    to.write(banner(daemon, about))
    to.flush()

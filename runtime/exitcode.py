"""Exit codes of our processes; the numbers of sysexits.h, so that operators know them."""

from enum import IntEnum


class ExitCode(IntEnum):
    """How a process ended."""

    OK = 0
    REFUSED = 1
    """The caller's mistake."""
    USAGE = 2
    """Wrong command line."""
    OUR_BUG = 70
    """An exception nobody expected (EX_SOFTWARE); restarted."""
    UNAVAILABLE = 75
    """Something outside did not answer; later it may (EX_TEMPFAIL)."""
    CONFIG = 78
    """The configuration must be mended (EX_CONFIG); not restarted until it changes."""

"""Whether the tree may be restarted with the configuration that is there now.

Invariant: a reload is ordered only after the whole file was found right; the root never waits for
the answer.
"""

from typing import Protocol

from runtime.exitcode import ExitCode
from runtime.log import get_logger
from supervisor.crew import Watching
from supervisor.process import Process

log = get_logger(__name__)


class Configuration(Protocol):
    """The file that may be changed while we run."""

    def fingerprint(self) -> str:
        """Return a text that changes with the file."""

    def begin_check(self) -> Process:
        """Let the file be checked; exit code 0 says that it is right. Raises `OSError`."""


class ReloadCheck:
    """At most one check at a time; the last one asked for counts."""

    def __init__(self, configuration: Configuration, watching: Watching) -> None:
        self._configuration = configuration
        self._watching = watching
        self._process: Process | None = None
        self._is_asked_again = False

    def begin(self) -> None:
        """Check the file, or check it again after the check under way."""
        if self._process is not None:
            self._is_asked_again = True
            return
        try:
            self._process = self._configuration.begin_check()
        except OSError as error:
            log.error("configuration_not_checked", error=error.strerror)
            return
        self._watching.wake_on(self._process.fileno())

    def answer(self) -> bool | None:
        """Return whether the file was found right, None when there is no answer now."""
        if self._process is None:
            return None
        descriptor = self._process.fileno()
        code = self._process.collect()
        if code is None:
            return None
        self._watching.wake_no_longer_on(descriptor)
        self._process = None
        if self._is_asked_again:
            self._is_asked_again = False
            self.begin()
            return None
        return code == ExitCode.OK

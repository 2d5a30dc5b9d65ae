"""The configuration file, read and checked by a process of its own."""

import json
import os
import select
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from runtime.config.node import NodeConfig
from runtime.config.plain import from_plain
from runtime.errors import ConfigError
from runtime.exitcode import ExitCode
from supervisor.process import ChildProcess, Process, environment

_READ_SECONDS: Final = 20.0
"""How long the first reading may take before the start is given up."""


@dataclass(frozen=True, slots=True)
class ConfigRead:
    """What the file says, and what an operator should know of it."""

    config: NodeConfig
    notes: tuple[str, ...]


class ConfigReading:
    """One reading under way."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._text = os.memfd_create("configuration", os.MFD_CLOEXEC)
        command = [sys.executable, "-P", "-m", "supervisor.read_config", str(path)]
        self._process = ChildProcess(
            os.posix_spawn(
                command[0],
                command,
                environment(os.environ),
                file_actions=[(os.POSIX_SPAWN_DUP2, self._text, 1)],
                setpgroup=0,
                setsigmask=[],
            )
        )

    def wait(self) -> ConfigRead:
        """Return what was read; raises `ConfigError` (the faults are on standard error)."""
        select.select([self._process.fileno()], [], [], _READ_SECONDS)
        code = self._process.collect()
        if code is None:
            self._process.kill()
            raise ConfigError(f"{self._path} could not be read within {_READ_SECONDS:g} s")
        if code != ExitCode.OK:
            raise ConfigError(f"{self._path} cannot be used")
        with os.fdopen(self._text, encoding="utf-8") as file:
            file.seek(0)
            read = json.load(file)
        return ConfigRead(from_plain(NodeConfig, read["config"]), tuple(read["notes"]))

    def let_go(self) -> Process:
        """Return the process of a reading of which only the exit code matters."""
        os.close(self._text)
        return self._process


class ConfigFile:
    """One file; whoever wants to know whether it has changed compares fingerprints."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def fingerprint(self) -> str:
        """Return a text that changes when the file is replaced or written."""
        try:
            found = self.path.stat()
        except OSError as error:
            return f"unreadable: {error.errno}"
        return f"{found.st_dev}.{found.st_ino}.{found.st_size}.{found.st_mtime_ns}"

    def begin_check(self) -> Process:
        """Let the file be checked; exit code 0 says that it is right. Raises `OSError`."""
        return ConfigReading(self.path).let_go()

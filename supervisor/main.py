"""The root process: arguments and configuration, then `assembly.py`."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from runtime.config.place import NODE_FILE
from runtime.errors import ConfigError
from runtime.exitcode import ExitCode
from runtime.version import VERSION
from supervisor.config_file import ConfigFile, ConfigReading
from supervisor.variant import Variant


def main(arguments: Sequence[str] | None = None, variant: Variant | None = None) -> int:
    """Be the root; returns the exit code. Only tests hand in a variant."""
    given = _parse(arguments)
    path = given.config or NODE_FILE.path()
    if given.check:
        return _check(path)
    reading = ConfigReading(path)
    # While the other process reads: the greater part of our start is loading our own modules.
    from supervisor.assembly import supervise

    try:
        read = reading.wait()
        return supervise(read, ConfigFile(path), variant or Variant())
    except ConfigError as error:
        sys.stderr.write(f"{error.message}\n")
        return ExitCode.CONFIG


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="pvcnoded", description="The daemon of a PVC node.")
    parser.add_argument("--config", type=Path, metavar="PATH", help="configuration file")
    parser.add_argument(
        "--check", action="store_true", help="check the configuration, list every fault and end"
    )
    parser.add_argument("--version", action="version", version=f"pvcnoded {VERSION}")
    return parser.parse_args(arguments)


def _check(path: Path) -> int:
    from runtime.config.node_file import examine

    found = examine(path)
    sys.stdout.writelines(f"{note}\n" for note in found.notes)
    if not found.faults:
        sys.stdout.write(f"{path} is right\n")
        return ExitCode.OK
    sys.stderr.write(found.faults_in(path))
    return ExitCode.CONFIG

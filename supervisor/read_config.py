"""Reads the configuration in a process of its own: `python -m supervisor.read_config PATH`.

Prints it as JSON, or every fault on standard error and ends with 78. So the root needs no YAML
parser in its memory, and no file, however big or slow to read, ever holds it up.
"""

import json
import sys
from pathlib import Path

from runtime.config.node_file import examine
from runtime.config.plain import to_plain
from runtime.exitcode import ExitCode


def main(path: Path) -> int:
    """Read one file; returns the exit code."""
    found = examine(path)
    if found.config is None:
        sys.stderr.write(found.faults_in(path))
        return ExitCode.CONFIG
    json.dump({"config": to_plain(found.config), "notes": found.notes}, sys.stdout)
    return ExitCode.OK


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))

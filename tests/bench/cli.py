"""How long the command line takes to start, beside an interpreter that does nothing.

`python -m tests.bench.cli [ROUNDS] [API_URL TOKEN]`: `pvc --help` and `pvc node list` against a
small local HTTP server, and against a real API when one is named. Bars: 80 ms and 120 ms.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from tests.fakes.api_bodies import node
from tests.fakes.api_server import ApiServer, Reply, serving

_ROUNDS = 40
_NODES = 5


def main(arguments: Sequence[str]) -> None:
    """Measure and print."""
    rounds = int(arguments[0]) if arguments else _ROUNDS
    nodes = [node(f"hv{number}") for number in range(1, _NODES + 1)]
    with (
        tempfile.TemporaryDirectory() as directory,
        serving(ApiServer({"GET /node": Reply(nodes)})) as server,
    ):
        environment = _environment(Path(directory), server.port, arguments[1:])
        commands = _commands(has_real=len(arguments) > 1)
        taken = _measured(commands, environment, rounds)
    _print(taken, rounds)


def _environment(directory: Path, port: int, real: Sequence[str]) -> dict[str, str]:
    entries: dict[str, object] = {"fake": {"host": "127.0.0.1", "port": port, "scheme": "http"}}
    if real:
        url = urlsplit(real[0])
        entries["real"] = {
            "host": url.hostname,
            "port": url.port or 7370,
            "scheme": url.scheme,
            "api_key": real[1] if len(real) > 1 else "",
        }
    (directory / "pvc.json").write_text(json.dumps(entries))
    root = Path(__file__).parents[2]
    return {**os.environ, "PVC_CLIENT_DIR": str(directory), "PYTHONPATH": str(root)}


def _commands(*, has_real: bool) -> dict[str, tuple[list[str], float | None]]:
    python = sys.executable
    commands: dict[str, tuple[list[str], float | None]] = {
        "python -c pass": ([python, "-c", "pass"], None),
        "pvc --help": ([python, "-m", "cli", "--help"], 80.0),
        "pvc node list (local fake API)": (
            [python, "-m", "cli", "-c", "fake", "node", "list"],
            120.0,
        ),
    }
    if has_real:
        commands["pvc node list (real API)"] = (
            [python, "-m", "cli", "-c", "real", "node", "list"],
            120.0,
        )
    return commands


def _measured(
    commands: Mapping[str, tuple[list[str], float | None]],
    environment: Mapping[str, str],
    rounds: int,
) -> dict[str, tuple[list[float], float | None]]:
    """Take turns, so that a busy moment of the machine meets all of them."""
    taken: dict[str, tuple[list[float], float | None]] = {
        name: ([], bar) for name, (_, bar) in commands.items()
    }
    for name, (command, _) in commands.items():
        _milliseconds(name, command, environment)  # fills the caches of files and bytecode
    for _ in range(rounds):
        for name, (command, _) in commands.items():
            taken[name][0].append(_milliseconds(name, command, environment))
    return taken


def _milliseconds(name: str, command: Sequence[str], environment: Mapping[str, str]) -> float:
    start = time.perf_counter()
    done = subprocess.run(command, env=environment, capture_output=True, check=False)
    if done.returncode:
        raise SystemExit(f"{name} failed: {done.stderr.decode()}")
    return (time.perf_counter() - start) * 1000


def _print(taken: Mapping[str, tuple[list[float], float | None]], rounds: int) -> None:
    print(f"{rounds} rounds, taking turns, milliseconds of wall time")
    print(f"{'':34}{'median':>8}{'p99':>8}{'x pass':>8}{'bar':>8}")
    nothing = statistics.median(next(iter(taken.values()))[0])
    for name, (times, bar) in taken.items():
        median = statistics.median(times)
        p99 = sorted(times)[min(len(times) - 1, int(len(times) * 0.99))]
        shown = "" if bar is None else f"{bar:8.0f}  {'met' if p99 <= bar else 'MISSED'} by p99"
        print(f"{name:34}{median:8.1f}{p99:8.1f}{median / nothing:8.1f}{shown}")


if __name__ == "__main__":
    main(sys.argv[1:])

"""How long the command line takes to start, beside an interpreter that does nothing.

`pvc --help` and `pvc node list` against a small local HTTP server, and against a real API when one
is named. They take turns, so that a busy moment of the machine meets all of them.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from tests.bench.report import begin, figure, parser, percentile, spread_text
from tests.fakes.api_bodies import node
from tests.fakes.api_server import ApiServer, Reply, serving

_NODES = 5


def main() -> None:
    """Measure and print."""
    arguments = parser(__doc__ or "")
    arguments.add_argument("rounds", type=int, nargs="?", default=40)
    arguments.add_argument(
        "api", metavar="URL", nargs="?", help="a real API, such as http://hv1:7370"
    )
    arguments.add_argument("token", nargs="?", default="")
    given = arguments.parse_args()
    begin()
    nodes = [node(f"hv{number}") for number in range(1, _NODES + 1)]
    with (
        tempfile.TemporaryDirectory() as directory,
        serving(ApiServer({"GET /node": Reply(nodes)})) as server,
    ):
        environment = _environment(Path(directory), server.port, given.api, given.token)
        commands = _commands(has_real=given.api is not None)
        taken = _measured(commands, environment, given.rounds)
    _print(taken, given.rounds)


def _environment(directory: Path, port: int, api: str | None, token: str) -> dict[str, str]:
    entries: dict[str, object] = {"fake": {"host": "127.0.0.1", "port": port, "scheme": "http"}}
    if api:
        url = urlsplit(api)
        entries["real"] = {
            "host": url.hostname,
            "port": url.port or 7370,
            "scheme": url.scheme,
            "api_key": token,
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
    print(f"{rounds} rounds, taking turns, wall time")
    nothing = percentile(next(iter(taken.values()))[0], 50)
    for name, (times, bar) in taken.items():
        multiple = percentile(times, 50) / nothing
        text = f"{spread_text(times, 'ms', digits=1)}  ({multiple:.1f} x an empty interpreter)"
        figure(name, text, "" if bar is None else f"p99 <= {bar:.0f} ms")


if __name__ == "__main__":
    main()

"""How long the command line takes to start, beside an interpreter that does nothing.

`pvc --help`, `pvc node list` and `pvc vm list` of 100 VMs against a small local HTTP server, and
against a real API when one is named. The server answers the VMs as an earlier API does, with all
their fields (600 kB), and with the fields asked for only. They take turns, so that a busy moment of
the machine meets all of them.
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
from tests.fakes.api_server import ApiServer, Reply, Request, serving
from tests.fakes.vm_bodies import vm

_NODES = 5
_VMS = 100
_XML_CHARACTERS = 5000


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
    nodes = Reply([node(f"hv{number}") for number in range(1, _NODES + 1)])
    vms = [vm(f"vm{number:04d}", xml="x" * _XML_CHARACTERS) for number in range(1, _VMS + 1)]
    whole = ApiServer({"GET /node": nodes, "GET /vm": Reply(vms)})
    narrow = ApiServer({"GET /vm": lambda request: Reply(_asked_for(vms, request))})
    with (
        tempfile.TemporaryDirectory() as directory,
        serving(whole),
        serving(narrow),
    ):
        ports = {"fake": whole.port, "fake-narrow": narrow.port}
        environment = _environment(Path(directory), ports, given.api, given.token)
        commands = _commands(has_real=given.api is not None)
        taken = _measured(commands, environment, given.rounds)
    _print(taken, given.rounds)


def _asked_for(vms: Sequence[Mapping[str, object]], request: Request) -> list[dict[str, object]]:
    fields = request.parameters["fields"].split(",")
    return [{name: each.get(name) for name in fields} for each in vms]


def _environment(
    directory: Path, ports: Mapping[str, int], api: str | None, token: str
) -> dict[str, str]:
    entries: dict[str, object] = {
        name: {"host": "127.0.0.1", "port": port, "scheme": "http"} for name, port in ports.items()
    }
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
    pvc = [sys.executable, "-m", "cli"]
    nodes, vms = ["node", "list"], ["vm", "list"]
    commands: dict[str, tuple[list[str], float | None]] = {
        "python -c pass": ([sys.executable, "-c", "pass"], None),
        "pvc --help": ([*pvc, "--help"], 80.0),
        "pvc node list (local fake API)": ([*pvc, "-c", "fake", *nodes], 120.0),
        f"pvc vm list ({_VMS} VMs, all fields)": ([*pvc, "-c", "fake", *vms], 150.0),
        f"pvc vm list ({_VMS} VMs, fields asked)": ([*pvc, "-c", "fake-narrow", *vms], 150.0),
    }
    if has_real:
        commands["pvc node list (real API)"] = ([*pvc, "-c", "real", *nodes], 120.0)
        commands["pvc vm list (real API)"] = ([*pvc, "-c", "real", *vms], 150.0)
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

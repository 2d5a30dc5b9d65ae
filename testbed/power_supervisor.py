"""The process that boots and kills the nodes of one testbed, and answers their BMCs.

It stands outside all nodes and is the parent of every one of them. Orders come
over a local socket, one line each: `on hv1`, `off hv1`, `reset hv1`, `soft hv1`,
`status hv1`. Started as `python -m testbed.power_supervisor NAME HOME LAYER…`.
"""

import socket
import socketserver
import sys
import traceback
from pathlib import Path

from testbed import cgroup, settings
from testbed.commands import clean_environment, start_in_background
from testbed.errors import BedError
from testbed.power import PowerSwitch
from testbed.waiting import wait_until

MEMBER = "power"
ORDER_SECONDS = 30.0


def start(bed: settings.Settings, layers: list[Path]) -> None:
    """Start the process in a cgroup of its own and wait until it answers."""
    if answers(bed):
        return
    socket_path(bed).parent.mkdir(parents=True, exist_ok=True)
    me = [sys.executable, "-P", "-m", "testbed.power_supervisor"]
    argv = [*me, bed.name, bed.home, *(str(layer) for layer in layers)]
    env = clean_environment(PYTHONPATH=bed.checkout, PYTHONDONTWRITEBYTECODE="1")
    log = bed.directory / "power.log"
    start_in_background(cgroup.cgroups(bed.name).command(MEMBER, argv), log=log, env=env)
    wait_until(lambda: answers(bed), 15, f"the power supervisor (its log is {log})", 0.02)


def answers(bed: settings.Settings) -> bool:
    """Tell whether the process is there."""
    try:
        return _ask(bed, f"status {bed.all_nodes()[0].name}").startswith("ok")
    except OSError:
        return False


def order(bed: settings.Settings, action: str, node: str) -> None:
    """Give one order and wait until it was carried out."""
    try:
        answer = _ask(bed, f"{action} {node}")
    except OSError as error:
        raise BedError(
            f"the power supervisor does not answer ({error}); ./dev down, then up"
        ) from error
    if not answer.startswith("ok"):
        raise BedError(f"power {action} of {node}: {answer.removeprefix('error ')}")


def socket_path(bed: settings.Settings) -> Path:
    """Return the socket; its directory is what the BMCs see of the host."""
    return bed.directory / "power" / "orders"


def _ask(bed: settings.Settings, line: str) -> str:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(ORDER_SECONDS)
        connection.connect(str(socket_path(bed)))
        connection.sendall(line.encode() + b"\n")
        with connection.makefile() as answer:
            return answer.readline().strip()


class _Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True
    switch: PowerSwitch


class _Order(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        words = self.rfile.readline().decode(errors="replace").split()
        assert isinstance(self.server, _Server)
        try:
            answer = self.server.switch.do(*words) if len(words) == 2 else "error two words"
        except (BedError, OSError) as error:
            traceback.print_exc()
            answer = f"error {' '.join(str(error).split())}"
        print(*words, "->", answer, flush=True)
        self.wfile.write(answer.encode() + b"\n")


def main(argv: list[str]) -> None:
    """Serve orders until killed."""
    name, home, *layers = argv
    bed = settings.load(name, Path(home))
    if bed is None:
        raise BedError(f"no testbed {name} in {home}")
    path = socket_path(bed)
    path.unlink(missing_ok=True)
    with _Server(str(path), _Order) as server:
        path.chmod(0o600)
        groups = cgroup.cgroups(name)
        server.switch = PowerSwitch(bed, groups, [Path(layer) for layer in layers])
        server.serve_forever()


if __name__ == "__main__":
    main(sys.argv[1:])

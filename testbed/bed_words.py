"""The words of `./dev` that act on a testbed."""

import argparse
import json
import os
import sys
from dataclasses import replace
from pathlib import Path

from testbed import connections, host, settings
from testbed import down as down_module
from testbed import up as up_module
from testbed.cluster import Cluster
from testbed.commands import run_in_foreground
from testbed.demo import ensure_demo
from testbed.errors import BedError
from testbed.nspawn import environment_in
from testbed.progress import say
from testbed.settings import Settings
from testbed.status import status, table
from testbed.waiting import Stopwatch

CHECKOUT = Path(__file__).resolve().parent.parent


def up_word(arguments: argparse.Namespace) -> int:
    """Bring the testbed up."""
    say("booting a cluster of real Debian machines on this host; ./dev down removes it")
    host.require_root()
    watch = Stopwatch()
    cluster = up_module.up(_wanted(arguments))
    if arguments.demo:
        ensure_demo(cluster)
    say(f"up after {watch.seconds():.1f} s")
    say(table(status(cluster)))
    return 0


def down_word(arguments: argparse.Namespace) -> int:
    """Take the testbed down."""
    host.require_root()
    down_module.down(arguments.bed, settings.home_directory())
    return 0


def status_word(arguments: argparse.Namespace) -> int:
    """Show the testbed; 0 when it is healthy."""
    host.require_root()
    shown = status(_running(arguments.bed))
    say(json.dumps(shown.as_json(), indent=2) if arguments.json else table(shown))
    return 0 if shown.healthy else 1


def run_word(arguments: argparse.Namespace) -> int:
    """Run a command in a node on the user's terminal."""
    if not arguments.command:
        raise BedError("run what? ./dev run NODE COMMAND…")
    return _in_node(arguments.bed, arguments.node, arguments.command)


def shell_word(arguments: argparse.Namespace) -> int:
    """Open a shell in a node."""
    say(f"a shell in {arguments.node}, with the node's privileges; leave with exit")
    return _in_node(arguments.bed, arguments.node, ["/bin/bash", "--login"])


def fault_word(arguments: argparse.Namespace) -> int:
    """Break something, or mend it."""
    host.require_root()
    cluster = _running(arguments.bed)
    cluster.fault(arguments.node, arguments.kind, *arguments.arguments)
    say(" ".join([arguments.node, arguments.kind, *arguments.arguments]) + ": done")
    return 0


def pvc_word(arguments: argparse.Namespace) -> int:
    """Become the command line client, connected to the testbed."""
    host.require_root()
    bed = _running(arguments.bed).settings
    client = CHECKOUT / "cli" / "__main__.py"
    environment = os.environ | connections.environment(bed) | {"PYTHONPATH": str(CHECKOUT)}
    os.execve(
        sys.executable, [sys.executable, "-P", str(client), *arguments.arguments], environment
    )


def _in_node(name: str, node: str, command: list[str]) -> int:
    host.require_root()
    argv = _running(name).node(node).command(command)
    return run_in_foreground(argv, env=environment_in())


def _running(name: str) -> Cluster:
    cluster = Cluster.running(name)
    if cluster is None:
        raise BedError(f"no testbed {name} is up; ./dev up makes one")
    return cluster


def _wanted(arguments: argparse.Namespace) -> Settings:
    """Return the settings asked for: those of the running testbed unless something else is said."""
    home, environment = settings.home_directory(), os.environ
    old = settings.load(arguments.bed, home)
    nodes = arguments.nodes or (old.nodes if old else 3)
    coordinators = arguments.coordinators or (old.coordinators if old else _default(nodes))
    net = arguments.net or environment.get("PVC_TESTBED_NET")
    wanted = settings.new(
        name=arguments.bed,
        home=home,
        checkout=CHECKOUT,
        nodes=nodes,
        coordinators=coordinators,
        net=net or (",".join(old.networks) if old else settings.DEFAULT_NET),
        suite=arguments.suite or (old.suite if old else "bookworm"),
        product=(old is None or old.product) if arguments.product is None else arguments.product,
    )
    if old is None:
        return wanted
    if replace(wanted, token=old.token) != old:
        raise BedError(
            f"testbed {old.name} is up with {old.nodes} nodes, {old.coordinators} coordinators, "
            f"networks {', '.join(old.networks)}, {old.suite}, of {old.checkout}, "
            f"{'with' if old.product else 'without'} the product; ./dev down first"
        )
    return old


def _default(nodes: int) -> int:
    return 3 if nodes >= 3 else 1

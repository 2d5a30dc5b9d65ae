"""The vm worker is SIGKILLed again and again while VMs migrate: where each of them ends.

All VMs of a node are ordered to another one, and the workers of both are killed at random moments
meanwhile. Printed: how many copies of each VM run in the end, as seen from outside.
Needs `./dev up`, then `./dev bench vm_kills [--guests 20] [--seed 1]`.
"""

import os
import random
import signal
import time
from collections import Counter

from testbed.cluster import Cluster
from tests.bench import report
from tests.bench.vm_bed import running_bed
from tests.integration.processes import tree_of
from tests.integration.vms import Vms, vms_of

SOURCE, TARGET = "hv1", "hv2"
STARTED_SECONDS = 300.0
SETTLED_SECONDS = 300.0
PAUSE_SECONDS = (3.0, 12.0)
"""Between two kills: a worker that dies more than five times a minute is parked for a while."""


def main() -> int:
    """Run the benchmark and print the figures."""
    arguments = report.parser(__doc__ or "")
    arguments.add_argument("--guests", type=int, default=20)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--kills", type=int, default=8)
    given = arguments.parse_args()
    report.begin()
    cluster = running_bed()
    names = [f"bench-kill-{number}" for number in range(given.guests)]
    with vms_of(cluster) as vms:
        for name in names:
            vms.define(name, SOURCE, meta={"migration_method": "live"})
            vms.start(name)
        for name in names:
            vms.await_running(name, SOURCE, STARTED_SECONDS)
        began = time.monotonic()
        kills = _move_and_kill(cluster, vms, names, given.kills, random.Random(given.seed))
        report.figure("moves over after", f"{time.monotonic() - began:.1f} s")
        report.figure("vm workers killed", str(kills))
        _report(vms, names)
    return 0


def _move_and_kill(
    cluster: Cluster, vms: Vms, names: list[str], most: int, chance: random.Random
) -> int:
    """Order all moves, kill so often at most, and wait until all are over; return how often."""
    for name in names:
        vms.move(name, "move", node=TARGET)
    kills = 0
    until = time.monotonic() + SETTLED_SECONDS
    while not _are_settled(vms, names) and time.monotonic() < until:
        time.sleep(chance.uniform(*PAUSE_SECONDS))
        if kills < most:
            # In turn, so that neither is killed so often that it is parked for a while.
            kills += _kill(cluster, (SOURCE, TARGET)[kills % 2])
    return kills


def _kill(cluster: Cluster, name: str) -> int:
    node = cluster.node(name)
    pid = tree_of(node).get("vm")
    if pid is None:
        return 0
    done = node.run(["kill", f"-{signal.SIGKILL.value}", str(pid)], check=False)
    return int(done.code == os.EX_OK)


def _are_settled(vms: Vms, names: list[str]) -> bool:
    return all(vms.get(name)["state"] == "start" for name in names)


def _report(vms: Vms, names: list[str]) -> None:
    for name in names:
        vms.await_running(name, vms.get(name)["node"])
    copies = Counter(len(vms.nodes_running(name)) for name in names)
    where = Counter(vms.get(name)["node"] for name in names)
    shown = ", ".join(f"{count} VMs with {number}" for number, count in sorted(copies.items()))
    report.figure("running copies in the end", shown, f"{len(names)} VMs with 1")
    report.figure("on", ", ".join(f"{node}: {count}" for node, count in sorted(where.items())))


if __name__ == "__main__":
    raise SystemExit(main())

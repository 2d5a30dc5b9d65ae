"""A flush of a node with many small guests, beside the slowest of their migrations.

All guests run on one node of the running testbed; first some of them are migrated alone and back,
then the node is flushed. Printed beside the slowest migration within the flush, and beside the
slowest one alone: several at once share the processors, so each takes longer than alone. Needs
`./dev up`, then `./dev bench flush [--guests 12]`.
"""

import time

from testbed import guests
from testbed.cluster import Cluster
from tests.bench import report
from tests.bench.vm_bed import running_bed
from tests.integration.flushing import await_state, make_ready, order, state_of
from tests.integration.vms import Vms, vms_of

NODE, OTHER = "hv2", "hv3"
"""The demo VM of `./dev up` is on hv1: it would be flushed too."""
STARTED_SECONDS = 600.0
MOVED_SECONDS = 300.0
LOOK_SECONDS = 0.02
BAR_TIMES = 3.0
ALONE = 4
"""So many of the guests are migrated alone."""


def main() -> int:
    """Run the benchmark and print the figures."""
    arguments = report.parser(__doc__ or "")
    arguments.add_argument("--guests", type=int, default=12)
    given = arguments.parse_args()
    report.begin()
    cluster = running_bed()
    make_ready(cluster)
    names = [f"bench-flush-{number:02}" for number in range(given.guests)]
    with vms_of(cluster) as vms:
        _start(cluster, vms, names)
        alone = [took for name in names[:ALONE] for took in _there_and_back(vms, name)]
        took, within = _flush(cluster, vms, names)
        began = time.monotonic()
        order(cluster, NODE, "ready")
        await_state(cluster, NODE, "ready", MOVED_SECONDS)
        back = time.monotonic() - began
        _report(alone, within, took, back, len(names))
    return 0


def _start(cluster: Cluster, vms: Vms, names: list[str]) -> None:
    for name in names:
        vms.define(name, NODE, meta={"migration_method": "live"})
        vms.start(name)
    for name in names:
        vms.await_running(name, NODE, STARTED_SECONDS)
    for name in names:
        vms.await_booted(name, NODE, STARTED_SECONDS)


def _there_and_back(vms: Vms, name: str) -> list[float]:
    return [_move(vms, name, node) for node in (OTHER, NODE)]


def _move(vms: Vms, name: str, node: str) -> float:
    began = time.monotonic()
    vms.move(name, "move", node=node)
    while True:
        vm = vms.get(name)
        took = time.monotonic() - began
        if vm["node"] == node and vm["state"] == "start":
            return took
        if took > MOVED_SECONDS:
            raise TimeoutError(f"{name} is {vm['state']} on {vm['node']}")
        time.sleep(LOOK_SECONDS)


def _flush(cluster: Cluster, vms: Vms, names: list[str]) -> tuple[float, list[float]]:
    """Flush; return how long it took, and each migration in it from its transfer to its end."""
    since: dict[str, float] = {}
    took: dict[str, float] = {}
    began = time.monotonic()
    order(cluster, NODE, "flush")
    while state_of(cluster, NODE) != "flushed":
        now = time.monotonic()
        for vm in vms.all():
            if vm["name"] in names and vm["transfer"] is not None:
                since.setdefault(vm["name"], now)
            elif vm["name"] in since:
                took.setdefault(vm["name"], now - since[vm["name"]])
        if now > began + MOVED_SECONDS:
            raise TimeoutError(f"{NODE} is {state_of(cluster, NODE)} after {MOVED_SECONDS:g} s")
        time.sleep(LOOK_SECONDS)
    whole = time.monotonic() - began
    left = guests.running(cluster)[NODE] & set(names)
    if left:
        raise AssertionError(f"{NODE} is called flushed and runs {', '.join(sorted(left))}")
    return whole, list(took.values())


def _report(
    alone: list[float], within: list[float], flush: float, ready: float, count: int
) -> None:
    slowest, slowest_within = max(alone), max(within, default=0.0)
    report.spread("one migration alone, order → done", alone, "s")
    report.spread("one migration within the flush", within, "s")
    report.figure(
        f"flush of {count} guests", f"{flush:.2f} s", f"{BAR_TIMES * slowest_within:.2f} s"
    )
    report.figure(
        "  in slowest migrations within it", f"{flush / slowest_within:.2f}", f"{BAR_TIMES:g}"
    )
    report.figure("  in slowest migrations alone", f"{flush / slowest:.2f}")
    report.figure(f"ready, {count} guests home", f"{ready:.2f} s")


if __name__ == "__main__":
    raise SystemExit(main())

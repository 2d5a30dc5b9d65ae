"""One of ten guests of a node stands still: what it costs the management of the other nine.

The same round of orders (stop, start, migrate there and back) and the age of the statistics of the
nine, first with all well, then with the QEMU of one SIGSTOPped. Needs `./dev up`, then
`./dev bench frozen_guest [--seconds 300]`.
"""

import itertools
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from testbed.cluster import Cluster
from tests.bench import report
from tests.bench.vm_bed import running_bed
from tests.integration.processes import tree_of
from tests.integration.vms import Vms, vms_of

NODE, OTHER = "hv1", "hv2"
GUESTS = 10
FIGURES = ("stop", "start", "migrate", "migrate back", "age of statistics")
STATISTICS_SECONDS = 60.0


def main() -> int:
    """Run the benchmark and print the figures."""
    arguments = report.parser(__doc__ or "")
    arguments.add_argument("--seconds", type=float, default=300.0)
    seconds = arguments.parse_args().seconds
    report.begin()
    cluster = running_bed()
    names = [f"bench-frozen-{number}" for number in range(GUESTS)]
    with vms_of(cluster) as vms:
        for name in names:
            vms.define(name, NODE, meta={"migration_method": "live"})
            vms.start(name)
        for name in names:
            vms.await_running(name, NODE)
            vms.await_booted(name, NODE)
        before = tree_of(cluster.node(NODE))
        well = _rounds(cluster, vms, names[1:], seconds / 3)
        cluster.fault(NODE, "stop", f"vm:{names[0]}")
        try:
            frozen = _rounds(cluster, vms, names[1:], seconds)
        finally:
            cluster.fault(NODE, "cont", f"vm:{names[0]}")
        _report(well, frozen)
        after = tree_of(cluster.node(NODE))
        is_same = before["vm"] == after.get("vm")
        report.figure("vm worker restarted", "no" if is_same else "yes", "no")
        vms.await_running(names[0], NODE)
    return 0


Times = dict[str, list[float]]


def _rounds(cluster: Cluster, vms: Vms, names: list[str], seconds: float) -> Times:
    """Order rounds on one guest after the other for so long; at least one per guest."""
    times: Times = {name: [] for name in FIGURES}
    until = time.monotonic() + seconds
    for count, name in enumerate(itertools.cycle(names)):
        if count >= len(names) and time.monotonic() > until:
            break
        for what, took in _round(vms, name):
            times[what].append(took)
        times["age of statistics"] += _ages(cluster, vms, names)
    return times


def _round(vms: Vms, name: str) -> Iterator[tuple[str, float]]:
    yield "stop", _timed(lambda: vms.order(name, "stop"), lambda: vms.await_off(name))
    yield "start", _timed(lambda: vms.start(name), lambda: vms.await_running(name, NODE))
    vms.await_booted(name, NODE)
    yield "migrate", _moved(vms, name, OTHER)
    yield "migrate back", _moved(vms, name, NODE)


def _timed(order: Callable[[], None], wait: Callable[[], None]) -> float:
    began = time.monotonic()
    order()
    wait()
    return time.monotonic() - began


def _moved(vms: Vms, name: str, target: str) -> float:
    return _timed(
        lambda: vms.move(name, "move", node=target), lambda: vms.await_running(name, target)
    )


def _ages(cluster: Cluster, vms: Vms, names: list[str]) -> list[float]:
    """Return how old the statistics of the guests are, once each has some."""

    def ages() -> list[float] | None:
        taken = [str(vms.get(name).get("statistics_at", "")) for name in names]
        now = datetime.now(UTC)
        return None if "" in taken else [(now - _time(text)).total_seconds() for text in taken]

    return cluster.wait_until(ages, STATISTICS_SECONDS, "statistics of all guests") or []


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def _report(well: Times, frozen: Times) -> None:
    for name in FIGURES:
        report.spread(f"{name}, all well", well[name], "s")
        report.spread(f"{name}, one frozen", frozen[name], "s")
        was, now = report.percentile(well[name], 50), report.percentile(frozen[name], 50)
        ratio = f"{now / was:.2f}" if was else "nothing to compare with"
        report.figure(f"{name}, ratio of medians", ratio, "0.8 to 1.2")


if __name__ == "__main__":
    raise SystemExit(main())

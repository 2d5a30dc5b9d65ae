"""libvirtd of a node with guests stands still for a minute: what the cluster notices.

Printed: the gaps between the node's beats as a peer sees them, how old the node says its VM facts
are, whether any worker was restarted, and how soon all is well after SIGCONT. Needs `./dev up`,
then `./dev bench hung_libvirt`.
"""

import time
from typing import Any

from runtime.clock import SYSTEM_CLOCK
from testbed.cluster import Cluster
from tests.bench import report
from tests.bench.vm_bed import running_bed
from tests.integration.beats import observer
from tests.integration.processes import tree_of
from tests.integration.vms import Vms, vms_of

NODE = "hv1"
BAR_GAP = 1.1
WELL_SECONDS = 60.0


def main() -> int:
    """Run the benchmark and print the figures."""
    arguments = report.parser(__doc__ or "")
    arguments.add_argument("--seconds", type=float, default=60.0)
    arguments.add_argument("--guests", type=int, default=4)
    given = arguments.parse_args()
    report.begin()
    cluster = running_bed()
    names = [f"bench-hung-{number}" for number in range(given.guests)]
    with vms_of(cluster) as vms:
        for name in names:
            vms.define(name, NODE)
            vms.start(name)
        for name in names:
            vms.await_running(name, NODE)
            vms.await_booted(name, NODE)
        _measure(cluster, vms, names, given.seconds)
    return 0


def _measure(cluster: Cluster, vms: Vms, names: list[str], seconds: float) -> None:
    node = cluster.node(NODE)
    before = tree_of(node)
    with observer(cluster, NODE) as beats:
        cluster.wait_until(lambda: len(beats.times()) >= 3, 10, "beats")
        first = len(beats.times())
        cluster.fault(NODE, "stop", "libvirtd")
        try:
            time.sleep(seconds)
            facts = _node(cluster)
        finally:
            cluster.fault(NODE, "cont", "libvirtd")
        went_on = SYSTEM_CLOCK.now()
        gaps = beats.gaps()[first:]
    report.spread(f"gap between beats, libvirtd SIGSTOPped {seconds:g} s", gaps, "s", f"{BAR_GAP}")
    report.figure("age of the node's VM facts then", f"{facts.get('vm_facts_age')} s")
    cluster.wait_until(lambda: _is_well(cluster, vms, names), WELL_SECONDS, "all to be well")
    report.figure("all well after SIGCONT", f"{SYSTEM_CLOCK.now() - went_on:.1f} s")
    after = tree_of(node)
    changed = sorted(name for name in before if before[name] != after.get(name))
    report.figure("processes of the tree that are others now", ", ".join(changed) or "none")


def _node(cluster: Cluster) -> dict[str, Any]:
    status, answer = cluster.api(f"/node/{NODE}", node="hv2")
    if status != 200 or not isinstance(answer, list):
        raise RuntimeError(f"{status}: {answer}")
    found: dict[str, Any] = answer[0]
    return found


def _is_well(cluster: Cluster, vms: Vms, names: list[str]) -> bool:
    age = _node(cluster).get("vm_facts_age")
    is_fresh = age is not None and age < 5
    return is_fresh and all(vms.get(name)["state"] == "start" for name in names)


if __name__ == "__main__":
    raise SystemExit(main())

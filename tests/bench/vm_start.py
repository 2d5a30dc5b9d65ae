"""From the order to start a VM until its QEMU runs, beside `virsh create` of the same definition.

Both in turn on the same node of the running testbed, with disks of their own on RBD; the end is
libvirt's own event. Needs `./dev up`, then `./dev bench vm_start`.
"""

import time
import uuid

from testbed import guests
from testbed.cluster import Cluster
from tests.bench import report
from tests.bench.vm_bed import Events, events_of, running_bed
from tests.integration.vms import Vms, vms_of

NODE = "hv1"
SECONDS = 60.0
BAR_MORE = 0.3


def main() -> int:
    """Run the benchmark and print the figures."""
    arguments = report.parser(__doc__ or "")
    arguments.add_argument("--rounds", type=int, default=10)
    rounds = arguments.parse_args().rounds
    report.begin()
    cluster = running_bed()
    ours: list[float] = []
    virsh: list[float] = []
    with vms_of(cluster) as vms, events_of(cluster.node(NODE)) as events:
        vms.define("bench-start", NODE)
        xml = _plain_guest(cluster)
        try:
            for _ in range(rounds):
                virsh.append(_by_virsh(cluster, events, xml))
                ours.append(_by_order(vms, events))
        finally:
            guests.remove_disk(cluster, "bench-virsh")
    report.spread("virsh create → running", virsh, "s")
    report.spread("order → running", ours, "s")
    more = report.percentile(ours, 50) - report.percentile(virsh, 50)
    report.figure("an order takes longer by (medians)", f"{more:.2f} s", f"{BAR_MORE} s")
    return 0


def _plain_guest(cluster: Cluster) -> str:
    guests.remove_disk(cluster, "bench-virsh")
    guests.clone_disk(cluster, "bench-virsh")
    return guests.domain_xml(cluster, "bench-virsh", str(uuid.uuid4()))


def _by_virsh(cluster: Cluster, events: Events, xml: str) -> float:
    node = cluster.node(NODE)
    node.write("/run/bench-virsh.xml", xml)
    began = time.time()
    node.run(["virsh", "create", "/run/bench-virsh.xml"], timeout_seconds=SECONDS)
    took = events.wait("bench-virsh", "Started", began, SECONDS).at - began
    node.run(["virsh", "destroy", "bench-virsh"], timeout_seconds=SECONDS)
    return took


def _by_order(vms: Vms, events: Events) -> float:
    began = time.time()
    vms.start("bench-start")
    took = events.wait("bench-start", "Started", began, SECONDS).at - began
    vms.await_running("bench-start", NODE)
    vms.order("bench-start", "stop")
    vms.await_off("bench-start")
    return took


if __name__ == "__main__":
    raise SystemExit(main())

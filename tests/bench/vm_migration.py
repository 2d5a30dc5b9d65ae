"""From the order to migrate a VM until it is done, beside `virsh migrate` of such a guest.

Both in turn between the same two nodes of the running testbed. Ours is done when the API says
that the VM runs on the other node; how long the guest stood still is read from the ticks on its
own console. Needs `./dev up`, then `./dev bench vm_migration`.
"""

import time
import uuid

from testbed import guests
from testbed.cluster import Cluster
from tests.bench import report
from tests.bench.vm_bed import running_bed
from tests.integration.vms import Vms, vms_of

NODES = ("hv1", "hv2")
SECONDS = 120.0
LOOK_SECONDS = 0.02
BAR_MORE = 1.0


def main() -> int:
    """Run the benchmark and print the figures."""
    arguments = report.parser(__doc__ or "")
    arguments.add_argument("--rounds", type=int, default=6)
    rounds = arguments.parse_args().rounds
    report.begin()
    cluster = running_bed()
    ours: list[float] = []
    virsh: list[float] = []
    with vms_of(cluster) as vms:
        _make(cluster, vms)
        try:
            for turn in range(rounds):
                source, target = NODES[turn % 2], NODES[(turn + 1) % 2]
                virsh.append(_by_virsh(cluster, source, target))
                ours.append(_by_order(vms, target))
        finally:
            for name in NODES:
                cluster.node(name).run(["virsh", "destroy", "bench-virsh"], check=False)
            guests.remove_disk(cluster, "bench-virsh")
    report.spread("virsh migrate --live --p2p", virsh, "s")
    report.spread("order → done", ours, "s")
    more = report.percentile(ours, 50) - report.percentile(virsh, 50)
    report.figure("an order takes longer by (medians)", f"{more:.2f} s", f"{BAR_MORE} s")
    return 0


def _make(cluster: Cluster, vms: Vms) -> None:
    """Start one guest of each kind and wait until both have booted."""
    vms.define("bench-move", NODES[0], meta={"migration_method": "live"})
    vms.start("bench-move")
    guests.remove_disk(cluster, "bench-virsh")
    guests.clone_disk(cluster, "bench-virsh")
    xml = guests.domain_xml(cluster, "bench-virsh", str(uuid.uuid4()))
    node = cluster.node(NODES[0])
    node.write("/run/bench-virsh.xml", xml)
    node.run(["virsh", "create", "/run/bench-virsh.xml"], timeout_seconds=SECONDS)
    vms.await_running("bench-move", NODES[0])
    for name in ("bench-move", "bench-virsh"):
        vms.await_booted(name, NODES[0])


def _by_virsh(cluster: Cluster, source: str, target: str) -> float:
    uri = f"qemu+tcp://{target}/system"
    began = time.monotonic()
    cluster.node(source).run(
        ["virsh", "migrate", "--live", "--p2p", "bench-virsh", uri], timeout_seconds=SECONDS
    )
    return time.monotonic() - began


def _by_order(vms: Vms, target: str) -> float:
    began = time.monotonic()
    vms.move("bench-move", "move", node=target)
    while True:
        vm = vms.get("bench-move")
        took = time.monotonic() - began
        if vm["node"] == target and vm["state"] == "start":
            return took
        if took > SECONDS:
            raise TimeoutError(f"bench-move is {vm['state']} on {vm['node']}")
        time.sleep(LOOK_SECONDS)


if __name__ == "__main__":
    raise SystemExit(main())

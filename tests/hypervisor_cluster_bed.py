"""Two nodes of the testbed as the place where the hypervisor's contract is checked.

The adapter runs in the nodes themselves, where it finds its own QEMU processes and no others.
"""

import contextlib
import json
import re
import subprocess
import time
from collections.abc import Callable, Mapping
from typing import Any
from xml.etree import ElementTree

from runtime.clock import Instant
from runtime.errors import PvcError
from testbed import guests, nspawn
from testbed.cluster import Cluster
from testbed.qemu import qemus_of
from tests.hypervisor_beds import NODES, Guest, uuid_of
from tests.node_hypervisor import decode, encode
from workers.vm.jobs import Job, JobState
from workers.vm.local import Sight, Statistics

BOOT_SECONDS = 60.0


class NodeHypervisor:
    """A real node's adapter, spoken with from outside; implements `Hypervisor`."""

    def __init__(self, cluster: Cluster, node: str) -> None:
        argv = ["/usr/lib/pvc/venv/bin/python", "-P", "-m", "tests.node_hypervisor"]
        self.now = Instant(0.0)
        self.slowest = 0.0
        self._process = subprocess.Popen(
            cluster.node(node).command(argv),
            env=nspawn.environment_in(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def sight(self) -> Sight:
        sight: Sight = self._ask("sight")
        return sight

    def statistics(self) -> Statistics:
        statistics: Statistics = self._ask("statistics")
        return statistics

    def begin(self, vm: str, job: Job) -> None:
        self._ask("begin", vm, job)

    def jobs(self) -> Mapping[str, JobState]:
        jobs: Mapping[str, JobState] = self._ask("jobs")
        return jobs

    def forget(self, vm: str) -> None:
        self._ask("forget", vm)

    def close(self) -> None:
        with contextlib.suppress(BrokenPipeError):
            self._process.communicate(timeout=10.0)

    def _ask(self, method: str, *arguments: object) -> Any:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(encode((method, arguments)) + "\n")
        self._process.stdin.flush()
        answer, seconds, self.now = decode(self._process.stdout.readline())
        self.slowest = max(self.slowest, seconds)
        if isinstance(answer, PvcError):
            raise answer
        return answer


class ClusterBed:
    """Two nodes of the testbed."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.nodes = {name: NodeHypervisor(cluster, name) for name in NODES}
        self._guests: list[Guest] = []
        self._volumes: list[str] = []

    def hypervisor(self, node: str) -> NodeHypervisor:
        return self.nodes[node]

    def guest(self, number: int, options: str = "") -> Guest:
        name, uuid = f"contract{number}", uuid_of(number)
        guests.remove_disk(self.cluster, name)
        guests.clone_disk(self.cluster, name)
        xml = guests.domain_xml(self.cluster, name, uuid, options=options)
        guest = Guest(uuid=uuid, name=name, xml=xml, volumes=(f"vms/{name}_disk0",))
        self._guests.append(guest)
        return guest

    def uri(self, node: str) -> str:
        return f"qemu+tcp://{node}/system"

    def now(self, node: str) -> Instant:
        return self.nodes[node].now

    def wait(self, holds: Callable[[], Any], seconds: float, what: str) -> None:
        until = time.monotonic() + 2 * seconds
        while not holds():
            assert time.monotonic() < until, f"{what} did not come within {2 * seconds} s"
            time.sleep(0.1)

    def let_pass(self, seconds: float) -> None:
        time.sleep(seconds)

    def slow_down(self, node: str, guest: Guest) -> None:
        self._virsh(node, "migrate-setspeed", guest.name, "1")

    def speed_up(self, node: str, guest: Guest) -> None:
        self._virsh(node, "migrate-setspeed", guest.name, "8000")

    def hang_libvirt(self, node: str) -> None:
        self.cluster.fault(node, "stop", "libvirtd")

    def go_on(self, node: str) -> None:
        self.cluster.fault(node, "cont", "libvirtd")

    def kill_libvirt(self, node: str) -> None:
        self.cluster.fault(node, "kill", "libvirtd")

    def freeze(self, node: str, guest: Guest) -> None:
        self.cluster.fault(node, "stop", f"vm:{guest.name}")

    def thaw(self, node: str, guest: Guest) -> None:
        self.cluster.fault(node, "cont", f"vm:{guest.name}")

    def kill(self, node: str, guest: Guest) -> None:
        self.cluster.fault(node, "kill", f"vm:{guest.name}")

    def await_written(self, node: str, guest: Guest) -> None:
        def has_written() -> bool:
            return (
                len(re.findall(r"write \d+ ok", guests.console_log(self.cluster, node, name))) > 2
            )

        name = guest.name
        self.wait(has_written, BOOT_SECONDS, f"the second write of {name}")

    def shut_out(self, node: str, guest: Guest) -> None:
        listed = self._rbd("lock", "ls", guest.volumes[0], "--format", "json")
        for lock in json.loads(listed):
            self.cluster.node(NODES[1]).run(["ceph", "osd", "blocklist", "add", lock["address"]])

    def device(self, guest: Guest) -> str:
        volume = f"{guests.POOL}/{guest.name}_disk1"
        if volume not in self._volumes:
            self._rbd("create", "--size", "16M", volume)
            self._volumes.append(volume)
        disk = ElementTree.fromstring(guest.xml).find("./devices/disk")
        assert disk is not None
        disk.remove(next(iter(disk.iterfind("boot"))))
        next(disk.iter("source")).set("name", volume)
        next(disk.iter("target")).set("dev", "vdb")
        return ElementTree.tostring(disk, encoding="unicode")

    def kill_job(self, node: str, guest: Guest) -> None:
        pattern = "^pvcnoded: vm job"
        done = self.cluster.node(node).run(["pgrep", "-f", pattern])
        for pid in done.stdout.split():
            self.cluster.node(node).run(["kill", "-KILL", pid])

    def runs_on(self, guest: Guest) -> set[str]:
        return {node for node in NODES if self.runs_on_here(node, guest)}

    def runs_on_here(self, node: str, guest: Guest) -> bool:
        return self._virsh(node, "domstate", guest.name, check=False).strip() == "running"

    def pause(self, node: str, guest: Guest) -> None:
        self._virsh(node, "suspend", guest.name)

    def close(self) -> None:
        for hypervisor in self.nodes.values():
            hypervisor.close()
        for guest in self._guests:
            for node in NODES:
                for qemu in qemus_of(self.cluster.node(node)):
                    if qemu.name == guest.name:
                        self.thaw(node, guest)
                        self._virsh(node, "destroy", guest.name, check=False)
        for guest in self._guests:
            guests.remove_disk(self.cluster, guest.name)
        for volume in self._volumes:
            self._rbd("rm", "--no-progress", volume)

    def _rbd(self, *words: str) -> str:
        return self.cluster.node(NODES[1]).run(["rbd", *words], timeout_seconds=60).stdout

    def _virsh(self, node: str, *words: str, check: bool = True) -> str:
        argv = ["virsh", "-q", *words]
        return self.cluster.node(node).run(argv, check=check, timeout_seconds=60).stdout

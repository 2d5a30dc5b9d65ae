"""The testbed's storage and guests: they boot, move, hear the button; what breaks is mended."""

import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from testbed import ceph_health, guests, up
from testbed.cluster import Cluster
from testbed.errors import BedError
from testbed.node import Node
from testbed.status import status
from testbed.waiting import Stopwatch
from tests.debian_libvirt import import_libvirt

pytestmark = pytest.mark.integration

BOOT_SECONDS = 60.0
VENV_PYTHON = ["/usr/lib/pvc/venv/bin/python", "-P", "-c"]


class Guest:
    """One guest that a test runs by virsh, without the product."""

    def __init__(self, cluster: Cluster, name: str) -> None:
        self.cluster, self.name = cluster, name
        self.uuid = str(uuid.uuid4())

    def start(self, node: str, **options: Any) -> None:
        """Define and start the guest on a node and wait until its disk takes writes."""
        guests.clone_disk(self.cluster, self.name)
        xml = guests.domain_xml(self.cluster, self.name, self.uuid, **options)
        self.cluster.node(node).write(f"/root/{self.name}.xml", xml)
        self.virsh(node, "define", f"/root/{self.name}.xml")
        self.virsh(node, "start", self.name)
        self.await_said(node, "write 1 ok")

    def virsh(self, node: str, *words: str) -> str:
        """Run virsh in a node."""
        return self.cluster.node(node).run(["virsh", "--quiet", *words]).stdout

    def migrate(self, source: str, target: str) -> None:
        """Move the guest while it runs."""
        peer = f"qemu+tcp://{self.cluster.node(target).addresses['clu']}/system"
        how = ["--live", "--p2p", "--undefinesource", "--persistent"]
        self.virsh(source, "migrate", *how, self.name, peer)

    def console(self, node: str) -> str:
        """Return what the guest said on a node."""
        return guests.console_log(self.cluster, node, self.name)

    def ticks(self, node: str) -> int:
        """Return how often the guest has written its line there."""
        return self.console(node).count("tick ")

    def await_said(self, node: str, text: str) -> None:
        """Wait until the guest has said something."""
        self.cluster.wait_until(
            lambda: text in self.console(node), BOOT_SECONDS, f"{self.name} to say {text!r}"
        )

    def await_more(self, node: str) -> None:
        """Wait until the guest goes on saying that it lives and that its disk does."""
        before = self.console(node).count(" ok\n")
        self.cluster.wait_until(
            lambda: self.console(node).count(" ok\n") > before + 1,
            BOOT_SECONDS,
            f"{self.name} to go on writing",
        )

    def places(self) -> list[str]:
        """Return the nodes where the guest has a QEMU process."""
        return [n for n, names in guests.running(self.cluster).items() if self.name in names]

    def remove(self) -> None:
        """End the guest wherever it is and remove its disk."""
        for node in self.cluster.nodes:
            for words in (["destroy", self.name], ["undefine", self.name]):
                node.run(["virsh", "--quiet", *words], check=False)
        guests.remove_disk(self.cluster, self.name)


@pytest.fixture
def guest(cluster: Cluster) -> Iterator[Guest]:
    """Return a guest that is gone after the test."""
    made = Guest(cluster, f"bed-{uuid.uuid4().hex[:6]}")
    yield made
    up.mend(cluster)
    made.remove()


def test_a_guest_boots_from_its_disk_and_hears_the_button(cluster: Cluster, guest: Guest) -> None:
    """It lives within seconds, is seen from outside, and goes off in order when asked to."""
    guest.start("hv1")
    assert "GUEST-UP" in guest.console("hv1")
    assert guest.places() == ["hv1"]
    (seen,) = [qemu for qemu in guests.qemus(cluster) if qemu.name == guest.name]
    assert (seen.uuid, seen.node) == (guest.uuid, "hv1")
    guest.virsh("hv1", "shutdown", guest.name)
    cluster.wait_until(lambda: not guest.places(), 20, "the guest to be off")
    assert "POWER BUTTON" in guest.console("hv1")


def test_words_change_the_guest(cluster: Cluster, guest: Guest) -> None:
    """A deaf guest stays on when asked to go, and a talkative one fills its console."""
    guest.start("hv2", options="pvc.deaf pvc.lines=500")
    guest.await_said("hv2", "line 1000\n")
    guest.virsh("hv2", "shutdown", guest.name)
    guest.await_more("hv2")
    assert guest.places() == ["hv2"]
    assert "POWER BUTTON" not in guest.console("hv2")


def test_a_guest_moves_while_it_runs(cluster: Cluster, guest: Guest) -> None:
    """A live migration takes seconds, leaves one copy, and the disk goes along."""
    guest.start("hv1")
    for source, target in (("hv1", "hv2"), ("hv2", "hv3"), ("hv3", "hv1")):
        watch = Stopwatch()
        guest.migrate(source, target)
        assert watch.seconds() < 20
        assert guest.places() == [target]
        guest.await_more(target)
        assert "IOERR" not in guest.console(target)


def test_a_busy_guest_does_not_end_its_migration(cluster: Cluster, guest: Guest) -> None:
    """One that rewrites its memory is still on its way after many times the usual duration."""
    guest.start("hv1", options="pvc.dirty=24")
    argv = cluster.node("hv1").command(["virsh", "migrate-setspeed", guest.name, "4"])
    subprocess.run(argv, check=True, timeout=20)
    with pytest.raises(BedError):
        peer = f"qemu+tcp://{cluster.node('hv2').addresses['clu']}/system"
        words = ["virsh", "migrate", "--live", "--p2p", guest.name, peer]
        cluster.node("hv1").run(words, timeout_seconds=10)
    assert "Data remaining" in guest.virsh("hv1", "domjobinfo", guest.name)
    guest.virsh("hv1", "domjobabort", guest.name)
    cluster.wait_until(lambda: guest.places() == ["hv1"], 20, "the half copy to be gone")
    guest.await_more("hv1")


def test_a_guest_outlives_libvirtd_and_the_node_daemon(cluster: Cluster, guest: Guest) -> None:
    """Neither a restart nor the death of those who manage it touches its process."""
    guest.start("hv1")
    node = cluster.node("hv1")
    (before,) = [qemu.pid for qemu in guests.qemus(cluster) if qemu.name == guest.name]
    node.run(["systemctl", "restart", "libvirtd"])
    cluster.fault("hv1", "kill", "libvirtd")
    if cluster.settings.product:
        node.run(["systemctl", "restart", "pvcnoded"], timeout_seconds=60)
    cluster.wait_until(lambda: knows(node, guest.name), 20, "libvirtd to know the guest again")
    (after,) = [qemu.pid for qemu in guests.qemus(cluster) if qemu.name == guest.name]
    assert after == before
    guest.await_more("hv1")


def test_a_guest_frozen_and_thawed(cluster: Cluster, guest: Guest) -> None:
    """A stopped QEMU says nothing more; it goes on where it was."""
    guest.start("hv3")
    cluster.fault("hv3", "stop", f"vm:{guest.name}")
    (frozen,) = [qemu.pid for qemu in guests.qemus(cluster) if qemu.name == guest.name]
    cluster.wait_until(lambda: state_of(frozen) == "T", 5, "QEMU to stand still")
    before = guest.ticks("hv3")
    with pytest.raises(BedError):
        cluster.wait_until(lambda: guest.ticks("hv3") > before + 1, 4, "a tick")
    cluster.fault("hv3", "cont", f"vm:{guest.name}")
    guest.await_more("hv3")


def test_a_killed_guest_is_gone(cluster: Cluster, guest: Guest) -> None:
    """Its process ends at once; `mend` does not bring it back, for nobody asked for it."""
    guest.start("hv2")
    cluster.fault("hv2", "kill", f"vm:{guest.name}")
    cluster.wait_until(lambda: not guest.places(), 5, "QEMU to be gone")
    with pytest.raises(BedError, match="runs no guest"):
        cluster.fault("hv2", "kill", f"vm:{guest.name}")


def test_a_disk_in_use_is_not_removed(cluster: Cluster, guest: Guest) -> None:
    """The disk of a running guest is refused with its place."""
    guest.start("hv2")
    with pytest.raises(BedError, match="still runs on hv2"):
        guests.remove_disk(cluster, guest.name)


@pytest.mark.parametrize("daemon", ["ceph-osd", "ceph-mon", "ceph-mgr", "libvirtd"])
def test_a_killed_daemon_comes_back(cluster: Cluster, daemon: str) -> None:
    """systemd starts it again, and the testbed is whole."""
    node = cluster.node("hv2")
    before = main_pid(node, daemon)
    cluster.fault("hv2", "kill", daemon)
    cluster.wait_until(lambda: main_pid(node, daemon) not in (0, before), 20, f"another {daemon}")
    up.mend(cluster)
    assert ceph_health.lacks(cluster) == []


def test_a_stopped_osd_is_noticed_and_mended(cluster: Cluster, guest: Guest) -> None:
    """The others call it down within seconds, guests write on, and `mend` makes all whole."""
    guest.start("hv1")
    cluster.fault("hv3", "stop", "ceph-osd")
    cluster.wait_until(
        lambda: "2 of 3 OSDs up" in ceph_health.lacks(cluster), 40, "the OSD to be called down"
    )
    assert "2 of 3 OSDs up" in status(cluster).ceph.lacks
    guest.await_more("hv1")
    up.mend(cluster)
    assert ceph_health.lacks(cluster) == []


def test_mend_takes_a_stopped_and_an_out_osd_back(cluster: Cluster) -> None:
    """A unit that was stopped in order, and an OSD marked out, are faults as well."""
    node = cluster.node("hv3")
    node.run(["systemctl", "stop", node.unit_name("ceph-osd")])
    node.run(["ceph", "osd", "out", "2"])
    cluster.wait_until(lambda: ceph_health.lacks(cluster), 20, "the loss to show")
    up.mend(cluster)
    assert ceph_health.lacks(cluster) == []


def test_a_stopped_monitor_and_libvirtd_are_mended(cluster: Cluster) -> None:
    """Processes that stand still go on, without a restart."""
    node = cluster.node("hv3")
    before = main_pid(node, "libvirtd")
    cluster.fault("hv3", "stop", "ceph-mon")
    cluster.fault("hv3", "stop", "libvirtd")
    cluster.wait_until(
        lambda: any("monitors" in lack for lack in ceph_health.lacks(cluster)), 40, "a lost monitor"
    )
    up.mend(cluster)
    assert main_pid(node, "libvirtd") == before
    assert ceph_health.lacks(cluster) == []


def test_bindings_are_debians_and_the_rest_is_ours(cluster: Cluster) -> None:
    """The product sees libvirt, rados and rbd, and never Debian's packages of our own names."""
    ours = ["supervisor", "cluster", "api", "bus", "cli", "runtime", "workers"]
    locked = ["kazoo", "yaml", "click", "bottle", "zmq", "msgpack", "setproctitle", "waitress"]
    names = ",".join([*ours, *locked, "libvirt", "rados", "rbd"])
    program = f"import {names}\nfor m in ({names}): print(m.__file__)"
    found = cluster.node("hv1").run([*VENV_PYTHON, program]).stdout.split()
    assert all(path.startswith("/usr/lib/pvc/src/") for path in found[: len(ours)]), found
    mine = found[len(ours) : -3]
    assert all(path.startswith("/usr/lib/pvc/venv/") for path in mine), found
    assert all(path.startswith("/usr/lib/python3/dist-packages/") for path in found[-3:]), found


def test_libvirt_from_the_host(cluster: Cluster) -> None:
    """A test on the host reaches a node's libvirtd through its unix socket."""
    import_libvirt()
    import libvirt

    socket = f"/proc/{cluster.node('hv2').leader}/root/run/libvirt/libvirt-sock"
    connection = libvirt.open(f"qemu+unix:///system?socket={socket}")
    try:
        assert connection.getHostname().split(".")[0] == "hv2"
    finally:
        connection.close()


def test_the_key_of_the_disks_is_roots_alone(cluster: Cluster) -> None:
    """Nobody else in a node may read what opens every disk."""
    secret = "/etc/libvirt/secrets /etc/ceph/ceph.client.admin.keyring"
    shown = cluster.node("hv1").run(["stat", "--format", "%a", *secret.split()]).stdout.split()
    assert shown == ["700", "600"]


def knows(node: Node, name: str) -> bool:
    """Tell whether a node's libvirtd lists a guest as running."""
    done = node.run(["virsh", "--quiet", "list", "--name"], check=False)
    return name in done.stdout.split()


def main_pid(node: Node, daemon: str) -> int:
    """Return a unit's main process, 0 when it has none."""
    return int(node.unit(node.unit_name(daemon), "MainPID")["MainPID"])


def state_of(pid: int) -> str:
    """Return a process's state letter."""
    return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]

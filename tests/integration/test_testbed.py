"""The testbed itself: what it breaks is really broken, and what it removes is really gone."""

import json
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from testbed import cgroup, connections, down, settings
from testbed.bed_words import CHECKOUT
from testbed.cluster import Cluster
from testbed.commands import Completed, run
from testbed.errors import BedError
from testbed.node import Node
from testbed.settings import BMC_PASSWORD, BMC_USER, NETWORKS, Settings
from testbed.waiting import wait_until

pytestmark = pytest.mark.integration

OTHER_NAME = "pvco"
HOME = settings.home_directory()


def ipmi(asker: Node, target: Node, action: str) -> str:
    """Order a power action of a node's BMC from inside another node, as a fencing peer would."""
    bmc = ["-H", target.settings.bmc_address, "-U", BMC_USER, "-P", BMC_PASSWORD]
    argv = ["ipmitool", "-I", "lanplus", "-C", "3", *bmc, "chassis", "power", action]
    return asker.run(argv).stdout.strip().lower()


def reaches(asker: Node, target: Node, short: str) -> bool:
    """Tell whether one node reaches another in one network."""
    argv = ["ping", "-c", "1", "-W", "1", target.addresses[short]]
    return asker.run(argv, check=False).code == 0


def boot_id(node: Node) -> str:
    """Return something that changes when the node's PID 1 does."""
    return f"{node.leader}"


def is_up(node: Node) -> bool:
    """Tell whether a node has finished booting."""
    return node.is_active("multi-user.target")


def test_every_promise_of_up_holds(cluster: Cluster) -> None:
    """All nodes run without a failed unit, and the ensemble has one leader."""
    assert cluster.has_quorum()
    for node in cluster.nodes:
        state = node.run(["systemctl", "is-system-running", "--wait"], check=False).stdout.strip()
        assert state == "running", node.run(["systemctl", "--failed"]).stdout


def test_nodes_reach_each_other_in_each_network(cluster: Cluster) -> None:
    """Every pair is connected three times, and names mean the cluster network."""
    first, second, third = cluster.nodes[:3]
    for short in NETWORKS:
        assert reaches(first, second, short)
        assert reaches(third, first, short)
    named = second.run(["getent", "hosts", "hv1"]).stdout.split()
    assert named[0] == first.addresses["clu"]


def test_commands_in_a_node_have_only_the_nodes_privileges(cluster: Cluster) -> None:
    """A command cannot touch the host's clock, modules or raw devices, nor write its sysctls."""
    node = cluster.node("hv2")
    assert node.run(["date", "--set", "2001-01-01"], check=False).code != 0
    assert node.run(["/bin/sh", "-c", "echo 1 >/proc/sys/kernel/sysrq"], check=False).code != 0
    of_command = node.run(["grep", "CapBnd", "/proc/self/status"]).stdout
    of_leader = node.run(["grep", "CapBnd", "/proc/1/status"]).stdout
    assert of_command == of_leader


def test_bmc_switches_its_node_off_and_on(cluster: Cluster) -> None:
    """`power off` ends every process of the node before it is acknowledged; `on` boots it."""
    asker, target = cluster.node("hv2"), cluster.node("hv1")
    assert ipmi(asker, target, "status").endswith("is on")
    ipmi(asker, target, "off")
    assert not target.is_on
    assert ipmi(asker, target, "status").endswith("is off")
    assert not reaches(asker, target, "clu")
    ipmi(asker, target, "on")
    cluster.wait_until(lambda: is_up(target), 20, "hv1 to boot")
    assert ipmi(asker, target, "status").endswith("is on")
    cluster.wait_until(cluster.has_quorum, 20, "hv1's Zookeeper member to be back")


@pytest.mark.parametrize("action", ["reset", "cycle"])
def test_bmc_restarts_its_node(cluster: Cluster, action: str) -> None:
    """`reset` and `cycle` end in a node that was booted again."""
    asker, target = cluster.node("hv1"), cluster.node("hv3")
    before = boot_id(target)
    ipmi(asker, target, action)
    cluster.wait_until(
        lambda: target.leader is not None and boot_id(target) != before and is_up(target),
        20,
        "hv3 to boot again",
    )


def test_bmc_asks_for_an_orderly_shutdown(cluster: Cluster) -> None:
    """`soft` lets systemd stop the units; the power is off when it has."""
    asker, target = cluster.node("hv1"), cluster.node("hv3")
    ipmi(asker, target, "soft")
    cluster.wait_until(lambda: not target.is_on, 30, "hv3 to shut itself down")
    assert ipmi(asker, target, "status").endswith("is off")


def test_bmc_refuses_a_wrong_password(cluster: Cluster) -> None:
    """A caller that does not know the password changes nothing."""
    bmc = ["-H", cluster.node("hv1").settings.bmc_address, "-U", BMC_USER, "-P", "wrong"]
    argv = ["ipmitool", "-I", "lanplus", "-C", "3", "-N", "1", "-R", "1", *bmc]
    done = cluster.node("hv2").run([*argv, "chassis", "power", "off"], check=False)
    assert done.code != 0
    assert cluster.node("hv1").is_on


def test_bmc_outlives_its_node_and_a_cut(cluster: Cluster) -> None:
    """A node whose cables are all pulled can still be switched off."""
    asker, target = cluster.node("hv2"), cluster.node("hv1")
    cluster.fault("hv1", "cut")
    ipmi(asker, target, "off")
    assert not target.is_on


def test_a_node_reboots_itself(cluster: Cluster) -> None:
    """`reboot` inside a node is a boot with the same files."""
    node = cluster.node("hv2")
    before = boot_id(node)
    node.write("/var/lib/kept", "kept\n")
    node.run(["systemctl", "reboot"], check=False)
    cluster.wait_until(
        lambda: node.leader is not None and boot_id(node) != before and is_up(node),
        30,
        "hv2 to reboot",
    )
    assert node.run(["cat", "/var/lib/kept"]).stdout == "kept\n"


def test_freeze_and_thaw(cluster: Cluster) -> None:
    """A frozen node's kernel answers, its programs do not; its Zookeeper peers go on."""
    frozen, other = cluster.node("hv3"), cluster.node("hv1")
    cluster.fault("hv3", "freeze")
    assert cluster.node("hv3").is_frozen
    assert reaches(other, frozen, "clu")
    cluster.wait_until(
        lambda: "leader" in (other.zookeeper_mode(), cluster.node("hv2").zookeeper_mode()),
        20,
        "a leader among the others",
    )
    cluster.fault("hv3", "thaw")
    assert not cluster.node("hv3").is_frozen
    cluster.wait_until(cluster.has_quorum, 20, "all three members to serve again")


@pytest.mark.parametrize("short", list(NETWORKS))
def test_cut_and_heal_one_network(cluster: Cluster, short: str) -> None:
    """A cut takes that network and no other, in both directions, and also over a reboot."""
    cut, other = cluster.node("hv2"), cluster.node("hv1")
    cluster.fault("hv2", "cut", NETWORKS[short])
    for each in NETWORKS:
        assert reaches(other, cut, each) == (each != short)
    assert cut.run(["cat", f"/sys/class/net/{short}/carrier"]).stdout == "0\n"
    cluster.power("hv2", "reset")
    cluster.wait_until(lambda: is_up(cut), 20, "hv2 to boot")
    assert not reaches(cut, other, short)
    cluster.fault("hv2", "heal", NETWORKS[short])
    cluster.wait_until(lambda: reaches(other, cut, short), 5, "the network to be whole")


def test_killed_zookeeper_comes_back(cluster: Cluster) -> None:
    """The drop-in makes systemd start a dead Java machine again, as an operator would want it."""
    node = cluster.node("hv2")
    before = node.unit("zookeeper", "MainPID")["MainPID"]
    cluster.fault("hv2", "kill", "zookeeper")
    cluster.wait_until(
        lambda: node.unit("zookeeper", "MainPID")["MainPID"] not in ("0", before),
        20,
        "another Java machine",
    )
    cluster.wait_until(cluster.has_quorum, 20, "the member to serve again")


def test_stop_and_cont_a_unit(cluster: Cluster) -> None:
    """A stopped process stands still and goes on."""
    pid = int(cluster.node("hv1").unit("nginx", "MainPID")["MainPID"])

    def state() -> str:
        stat = cluster.node("hv1").run(["cat", f"/proc/{pid}/stat"]).stdout
        return stat.rsplit(")", 1)[1].split()[0]

    cluster.fault("hv1", "stop", "nginx")
    cluster.wait_until(lambda: state() == "T", 5, "nginx to stand still")
    cluster.fault("hv1", "cont", "nginx")
    cluster.wait_until(lambda: state() == "S", 5, "nginx to go on")


@pytest.mark.parametrize(
    ("node", "words"),
    [
        ("hv9", ["freeze"]),
        ("hv1", ["melt"]),
        ("hv1", ["kill"]),
        ("hv1", ["kill", "nobody"]),
        ("hv1", ["cut", "internet"]),
        ("hv1", ["freeze", "twice"]),
    ],
)
def test_senseless_faults_are_refused(cluster: Cluster, node: str, words: list[str]) -> None:
    """A misspelt order says what there is and changes nothing."""
    with pytest.raises(BedError):
        cluster.fault(node, *words)


def test_up_twice_changes_nothing(cluster: Cluster) -> None:
    """A second `up` finds everything as promised and touches no node."""
    before = [node.leader for node in cluster.nodes]
    done = dev("up", "--no-demo")
    assert done.code == 0, done.stderr
    assert [node.leader for node in cluster.nodes] == before


def test_up_repairs_what_was_broken(cluster: Cluster) -> None:
    """`up` switches on, thaws and puts cables back."""
    cluster.fault("hv1", "power-off")
    cluster.fault("hv2", "cut", "storage")
    cluster.fault("hv3", "freeze")
    done = dev("up", "--no-demo")
    assert done.code == 0, done.stderr
    assert cluster.node("hv1").is_on
    assert reaches(cluster.node("hv1"), cluster.node("hv2"), "sto")
    assert not cluster.node("hv3").is_frozen


def test_up_refuses_another_size(cluster: Cluster) -> None:
    """A running testbed is not changed by surprise."""
    done = dev("up", "--nodes", "5")
    assert done.code != 0
    assert "down first" in done.stderr
    assert cluster.has_quorum()


def test_status_for_programs(cluster: Cluster) -> None:
    """`status --json` names nodes, power, PID 1, addresses, and how to reach the API."""
    cluster.fault("hv3", "power-off")
    cluster.fault("hv2", "cut", "storage")
    done = dev("status", "--json")
    assert done.code == 1
    shown = json.loads(done.stdout)
    nodes = {node["name"]: node for node in shown["nodes"]}
    assert nodes["hv1"]["power"] == "on"
    assert nodes["hv1"]["leader_pid"] == cluster.node("hv1").leader
    assert nodes["hv1"]["addresses"]["cluster"] == cluster.node("hv1").addresses["clu"]
    assert nodes["hv2"]["cut"] == ["storage"]
    assert (nodes["hv3"]["power"], nodes["hv3"]["leader_pid"]) == ("off", None)
    assert shown["api"]["token"] == cluster.settings.token
    assert shown["api"]["url"].endswith(":7370/api/v1")
    # Ceph needs seconds to notice a loss, so nothing more can be asked of it here.
    assert shown["ceph"]["verdict"].startswith("HEALTH_") or shown["ceph"]["verdict"] == "unknown"
    assert not shown["healthy"]


def test_run_passes_the_status_on(cluster: Cluster) -> None:
    """`run` ends with the command's own status."""
    assert cluster.has_quorum()
    assert dev("run", "hv1", "/bin/sh", "-c", "exit 7").code == 7
    assert dev("run", "hv1", "hostname").stdout.endswith("hv1\n")


def test_connections_of_the_client(cluster: Cluster) -> None:
    """The client's store names every coordinator and only root may read it."""
    path = Path(connections.environment(cluster.settings)["PVC_CLIENT_DIR"]) / "pvc.json"
    connections.write(cluster.settings)
    assert sorted(json.loads(path.read_text())) == ["hv1", "hv2", "hv3"]
    assert path.stat().st_mode & 0o077 == 0


def test_switch_source_of_one_node(cluster: Cluster) -> None:
    """One node can run another source tree than the others."""
    other = cluster.share / "other"
    other.mkdir(exist_ok=True)
    (other / "mark").write_text("other\n")
    cluster.switch_source("hv2", other)
    try:
        assert cluster.node("hv2").run(["cat", "/usr/lib/pvc/src/mark"]).stdout == "other\n"
        kept = cluster.node("hv1").run(["readlink", "/usr/lib/pvc/src"]).stdout
        assert kept == "/srv/src\n"
        with pytest.raises(BedError):
            cluster.switch_source("hv2", Path("/elsewhere"))
    finally:
        cluster.switch_source("hv2", None)


def test_units_are_well_formed(cluster: Cluster) -> None:
    """Unknown keys and bad values in our units are errors, not warnings."""
    names = ["pvcnoded.service", "pvcapid.service"]
    argv = ["systemd-analyze", "verify", "--man=no", "--recursive-errors=yes"]
    done = cluster.node("hv1").run([*argv, *names], check=False)
    assert done.code == 0, done.stderr


# What follows uses a second, small testbed beside the first.


@pytest.fixture
def other_bed() -> Iterator[Settings]:
    """Return settings of a second testbed, and remove whatever a test made of it."""
    bed = settings.new(
        name=OTHER_NAME,
        home=HOME,
        checkout=CHECKOUT,
        nodes=2,
        coordinators=1,
        net=free_net(),
        suite="bookworm",
        product=False,
    )
    down.down(bed.name, HOME)
    yield bed
    down.down(bed.name, HOME)


def test_down_leaves_nothing(cluster: Cluster, other_bed: Settings) -> None:
    """After up, faults and down the host is as before, and the first testbed still runs."""
    before = host_state()
    assert dev("up", *other_words(other_bed)).code == 0
    second = Cluster.running(OTHER_NAME)
    assert second is not None
    pids = all_processes(OTHER_NAME)
    assert len(pids) > 10
    second.fault("hv1", "freeze")
    second.fault("hv2", "cut")
    assert dev("down", "--name", OTHER_NAME).code == 0
    assert down.leftovers(other_bed.name, HOME) == []
    assert host_state() == before
    assert [pid for pid in pids if Path(f"/proc/{pid}").exists()] == []
    assert cluster.has_quorum()


def test_down_after_a_killed_up(cluster: Cluster, other_bed: Settings) -> None:
    """An `up` that was killed half-way is no special case for `down`."""
    before = host_state()
    groups = cgroup.cgroups(OTHER_NAME)
    argv = [str(CHECKOUT / "dev"), "up", *other_words(other_bed)]
    with subprocess.Popen(argv, stdout=subprocess.DEVNULL, start_new_session=True) as process:
        wait_until(lambda: groups.is_populated("hv1"), 60, "the first node", 0.005)
        os.killpg(process.pid, signal.SIGKILL)
    assert down.leftovers(other_bed.name, HOME) != []
    assert dev("down", "--name", OTHER_NAME).code == 0
    assert down.leftovers(other_bed.name, HOME) == []
    assert host_state() == before
    assert cluster.has_quorum()


def test_up_names_the_unit_that_fails(
    cluster: Cluster, other_bed: Settings, tmp_path: Path
) -> None:
    """When a daemon does not start, `up` ends soon and shows what the daemon said."""
    broken = tmp_path / "checkout"
    left_out = shutil.ignore_patterns(".git", ".dev", "__pycache__", "tests", ".*_cache")
    shutil.copytree(CHECKOUT, broken, ignore=left_out)
    (broken / "supervisor" / "__main__.py").write_text("raise SystemExit('broken on purpose')\n")
    words = [word for word in other_words(other_bed) if word != "--no-product"]
    done = dev("up", *words, checkout=broken)
    assert done.code == 1
    assert "pvcnoded.service on hv1" in done.stderr
    assert "broken on purpose" in done.stderr
    assert cluster.has_quorum()


def test_down_of_nothing(cluster: Cluster, other_bed: Settings) -> None:
    """`down` without a testbed succeeds and changes nothing."""
    before = host_state()
    assert dev("down", "--name", other_bed.name).code == 0
    assert host_state() == before
    assert cluster.has_quorum()


def test_an_address_range_in_use_is_refused(cluster: Cluster, other_bed: Settings) -> None:
    """A second testbed on the first one's addresses is refused before anything is made."""
    net = cluster.settings.networks
    done = dev("up", "--name", other_bed.name, "--no-product", "--net", ",".join(net))
    assert done.code != 0
    assert "choose --net" in done.stderr


def other_words(bed: Settings) -> list[str]:
    """Return the options that make the second testbed."""
    size = ["--nodes", str(bed.nodes), "--coordinators", str(bed.coordinators)]
    return ["--name", bed.name, "--net", ",".join(bed.networks), "--no-product", *size]


def free_net() -> str:
    """Return an address range that no other testbed on this host uses."""
    routes = run(["ip", "-4", "route"]).stdout
    return next(net for net in (f"10.{n}" for n in range(60, 240, 4)) if f"{net}." not in routes)


def dev(*words: str, checkout: Path = CHECKOUT) -> Completed:
    """Run `./dev` as a person would."""
    return run([checkout / "dev", *words], check=False, timeout_seconds=120, env=os.environ)


def all_processes(name: str) -> list[int]:
    """Return every process of a testbed, BMCs and power supervisor included."""
    groups = cgroup.cgroups(name)
    return [pid for member in groups.members() for pid in groups.processes(member)]


def host_state() -> dict[str, list[str]]:
    """Return everything of the host that a testbed could leave behind.

    What carries another testbed's name is left out: somebody may be working with it meanwhile.
    """
    trees = ("/run/netns", "/run/systemd/nspawn", "/sys/class/net", str(HOME / "clusters"))
    seen = {
        "mounts": Path("/proc/self/mounts").read_text().splitlines(),
        "cgroups": [top for top, _, _ in os.walk("/sys/fs/cgroup") if "/pvc" in top],
        "routes": run(["ip", "route"]).stdout.splitlines(),
        **{tree: [str(path) for path in Path(tree).glob("*")] for tree in trees},
    }
    return {key: sorted(filter(is_ours_or_nobodys, lines)) for key, lines in seen.items()}


def is_ours_or_nobodys(line: str) -> bool:
    """Tell whether a line names no other testbed than ours."""
    found = re.findall(r"(?:clusters/|\b)(pvc[a-z0-9]{0,4})(?:-(?:hv|sw|host|testbed)|$)", line)
    return all(name == OTHER_NAME for name in found)

"""pvcnoded.yaml: what is accepted, and every kind of fault once, with its path."""

import copy
import os
from collections.abc import Callable
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from typing import Any

import pytest
import yaml

from runtime.config import node_file
from runtime.config.examination import Examination
from runtime.config.node import FenceAction, HypervisorSection, NodeConfig
from runtime.config.place import NODE_FILE
from runtime.config.plain import from_plain, to_plain

SAMPLE = Path(__file__).parents[3] / "packaging/config/pvcnoded.sample.yaml"

Change = Callable[[dict[str, Any]], None]


def document() -> dict[str, Any]:
    return {
        "pvc": {
            "node": "hv2",
            "cluster": {
                "coordinators": ["hv1", "hv2", "hv3"],
                "networks": {
                    "upstream": {
                        "domain": "up.test",
                        "network": "10.0.0.0/24",
                        "floating_ip": "10.0.0.250/24",
                        "gateway": "10.0.0.254",
                    },
                    "cluster": {
                        "domain": "clu.test",
                        "network": "10.1.0.0/24",
                        "floating_ip": "10.1.0.250/24",
                    },
                    "storage": {
                        "domain": "sto.test",
                        "network": "10.2.0.0/24",
                        "floating_ip": "10.2.0.250/24",
                    },
                },
            },
            "system": {
                "intervals": {"keepalive_interval": 1},
                "fencing": {"ipmi": {"user": "fencer", "pass": "s3cret"}},
                "configuration": {
                    "networking": {
                        "upstream": {"device": "ens4", "address": "None"},
                        "cluster": {"device": "ens5", "mtu": 9000, "address": "by-id"},
                        "storage": {"device": "ens6", "address": "10.2.0.77/24"},
                    }
                },
            },
        }
    }


def put(path: str, value: object) -> Change:
    def change(tree: dict[str, Any]) -> None:
        *sections, last = path.split(".")
        for section in sections:
            tree = tree.setdefault(section, {})
        tree[last] = value

    return change


def drop(path: str) -> Change:
    def change(tree: dict[str, Any]) -> None:
        *sections, last = path.split(".")
        for section in sections:
            tree = tree[section]
        del tree[last]

    return change


def examine(*changes: Change) -> Examination[NodeConfig]:
    tree = document()
    for change in changes:
        change(tree["pvc"])
    return node_file.examine_document(tree)


def config_of(*changes: Change) -> NodeConfig:
    found = examine(*changes)
    assert found.faults == ()
    assert found.config is not None
    return found.config


def test_a_right_file_becomes_a_config() -> None:
    config = config_of()
    assert config.node == "hv2"
    assert config.is_coordinator
    assert config.store.hosts == ("hv2:2181", "hv1:2181", "hv3:2181")
    assert config.networks["cluster"].network == IPv4Network("10.1.0.0/24")
    assert config.networks["cluster"].address == IPv4Address("10.1.0.2")
    assert config.networks["cluster"].mtu == 9000
    assert config.networks["storage"].address == IPv4Address("10.2.0.77")
    assert config.networks["upstream"].address is None
    assert config.networks["upstream"].gateway == IPv4Address("10.0.0.254")
    assert config.fencing.ipmi is not None
    assert config.fencing.ipmi.host == "hv2-lom.up.test"
    assert config.timing.session_timeout_seconds == config.store.session_timeout_seconds == 4.0


def test_the_cluster_has_a_name_in_any_case() -> None:
    assert config_of().cluster_name == "pvc"
    assert config_of(put("cluster.name", "berlin")).cluster_name == "berlin"


def test_the_config_survives_its_way_to_a_worker() -> None:
    config = config_of()
    assert from_plain(NodeConfig, to_plain(config)) == config


def test_secrets_do_not_show() -> None:
    assert "s3cret" not in repr(config_of())


def test_the_sample_is_right() -> None:
    found = node_file.examine(SAMPLE)
    assert found.faults == ()
    assert found.config is not None


def test_an_old_file_loads() -> None:
    config = config_of(
        put("system.intervals.keepalive_interval", 5),
        put("system.intervals.fence_intervals", 6),
        put("system.intervals.suicide_intervals", 0),
        put("system.fencing.actions.successful_fence", "migrate"),
        put("system.fencing.actions.failed_fence", "None"),
        put("functions.enable_hypervisor", True),
        put("coordinator.dns.database", {"host": "localhost", "port": 5432, "pass": "x"}),
        put("system.configuration.directories.dynamic_directory", "/run/pvc"),
        put("system.configuration.networking.bridge_device", "ens4"),
        put("system.configuration.networking.sriov_device", [{"phy": "ens1", "vfcount": 4}]),
        put("system.configuration.storage.ceph_config_file", "/etc/ceph/ceph.conf"),
    )
    assert config.timing.dead_after_seconds == 30.0
    assert config.fencing.failed_fence is FenceAction.NONE


def test_vms_are_run_unless_said_otherwise() -> None:
    assert config_of().hypervisor == HypervisorSection(peer_uri="qemu+tcp://{node}.clu.test/system")
    config = config_of(
        put("functions.enable_hypervisor", False),
        put("system.intervals.vm_shutdown_timeout", 20),
        put("system.migration.parallel", 2),
        put("system.migration.target_selector", "memprov"),
        put("system.configuration.directories.console_log_directory", "/var/log/vms"),
        put("system.configuration.storage.ceph_config_file", "/etc/ceph/a.conf"),
        put("system.configuration.storage.ceph_admin_keyring", "/etc/ceph/a.keyring"),
    )
    assert config.hypervisor == HypervisorSection(
        is_enabled=False,
        shutdown_timeout_seconds=20.0,
        parallel_moves=2,
        default_selector="memprov",
        peer_uri="qemu+tcp://{node}.clu.test/system",
        console_log_directory=Path("/var/log/vms"),
        ceph_config=Path("/etc/ceph/a.conf"),
        ceph_keyring=Path("/etc/ceph/a.keyring"),
    )


def test_another_nodes_libvirt_is_in_the_cluster_network() -> None:
    assert config_of().hypervisor.uri_of("hv3") == "qemu+tcp://hv3.clu.test/system"
    without = config_of(
        drop("cluster.networks"),
        put("functions.enable_networking", False),
        put("system.fencing.ipmi.host", "10.9.9.9"),
    )
    assert without.hypervisor.uri_of("hv3") == "qemu+tcp://hv3/system"


def test_what_concerns_vms_has_an_effect() -> None:
    notes = examine(
        put("functions.enable_hypervisor", True),
        put("system.configuration.logging.console_log_lines", 10),
        put("system.migration.target_selector", "mem"),
    ).notes
    assert not any("hypervisor" in n or "console" in n or "migration" in n for n in notes)


def test_networks_are_not_needed_without_networking() -> None:
    found = examine(drop("cluster.networks"), put("functions.enable_networking", "false"))
    assert found.config is None  # the BMC's name would follow from the upstream domain
    config = config_of(
        drop("cluster.networks"),
        put("functions.enable_networking", False),
        put("system.fencing.ipmi.host", "10.9.9.9"),
    )
    assert config.networks == {}


FAULTS: list[tuple[list[Change], str]] = [
    (
        [put("system.intervals.keepalive_interval", "fast")],
        "pvc.system.intervals.keepalive_interval: 'fast' is not a number (expected seconds > 0, "
        "at most 60)",
    ),
    ([put("system.intervals.keepalive_interval", True)], "True is not a number"),
    ([put("system.intervals.keepalive_interval", 0)], "0 is out of range"),
    ([put("system.intervals.keepalive_interval", float("nan"))], "nan is out of range"),
    ([put("system.migration.parallel", 0)], "pvc.system.migration.parallel: 0 is out of range"),
    ([put("system.migration.parallel", 33)], "33 is out of range"),
    ([put("system.intervals.fence_intervals", 2.5)], "2.5 is not a whole number"),
    ([put("system.intervals.fence_intervals", 0)], "0 is out of range"),
    ([put("system.intervals.fence_intervals", 2)], "3 * keepalive_interval (3 s) must be at most"),
    ([put("system.intervals.suicide_intervals", 3)], "self_fence_after (3 s"),
    ([put("cluster.zookeeper.session_timeout", 10)], "session_timeout (10 s) must be at most"),
    (
        [
            put("system.intervals.suicide_intervals", 0),
            put("system.fencing.actions.failed_fence", "migrate"),
        ],
        "pvc.system.fencing.actions.failed_fence: migrate is refused while suicide_intervals is 0",
    ),
    (
        [put("system.fencing.actions.failed_fence", "destroy")],
        "'destroy' is not one of the choices (expected one of migrate, none)",
    ),
    (
        [put("system.intervalls", {})],
        "pvc.system.intervalls: unknown key (did you mean 'intervals'?)",
    ),
    (
        [put("system.keepalive_interval", 1)],
        "(did you mean 'system.intervals.keepalive_interval'?)",
    ),
    ([put("unheard_of", 1)], "pvc.unheard_of: unknown key (known here: "),
    ([put("cluster.zookeeper.passwort_file", "/x")], "(did you mean 'password_file'?)"),
    ([drop("node")], "pvc.node: is missing (expected short host name such as hv1)"),
    ([put("node", "hv1.example.com")], "'hv1.example.com' is not a short host name"),
    ([put("node", 7)], "7 is not a text; put it in quotes"),
    ([put("node", "")], "'' is empty"),
    ([put("debug", "perhaps")], "pvc.debug: 'perhaps' is neither true nor false"),
    ([put("system", "x")], "pvc.system: 'x' is not a section"),
    ([put("cluster.coordinators", "hv1")], "'hv1' is not a list"),
    ([put("cluster.coordinators", [])], "pvc.cluster.coordinators: is empty"),
    ([put("cluster.coordinators", ["hv1", "hv1"])], "names one entry twice"),
    ([put("cluster.coordinators", ["hv1", "h v"])], "in entry 2 is not a short host name"),
    (
        [drop("cluster.networks.storage.network")],
        "pvc.cluster.networks.storage.network: is missing",
    ),
    (
        [put("cluster.networks.cluster.network", "10.1.0.7/24")],
        "has host bits set; the network is 10.1.0.0/24",
    ),
    ([put("cluster.networks.cluster.network", "fd00::/64")], "is not an IPv4 network"),
    ([put("cluster.networks.cluster.network", "10.1.0.0")], "leaves no room for hosts"),
    (
        [put("cluster.networks.cluster.floating_ip", "10.9.0.250/24")],
        "pvc.cluster.networks.cluster.floating_ip: 10.9.0.250 is not in the network 10.1.0.0/24",
    ),
    (
        [put("cluster.networks.cluster.floating_ip", "10.1.0.250/16")],
        "10.1.0.250/16 has another prefix length than the network 10.1.0.0/24",
    ),
    (
        [put("cluster.networks.cluster.floating_ip", "10.1.0.255/24")],
        "10.1.0.255 is no host's address in 10.1.0.0/24",
    ),
    (
        [put("cluster.networks.upstream.gateway", "10.7.0.1")],
        "pvc.cluster.networks.upstream.gateway: 10.7.0.1 is not in the network",
    ),
    ([put("cluster.networks.cluster.gateway", "10.1.0.1")], "cluster.gateway: unknown key"),
    (
        [put("node", "alpha"), put("cluster.coordinators", ["alpha"])],
        "pvc.system.configuration.networking.cluster.address: by-id needs digits in the node's "
        "name, and 'alpha' has none",
    ),
    (
        [put("node", "hv255")],
        "by-id gives host 255 for node 'hv255', which 10.1.0.0/24 does not have",
    ),
    ([put("node", "hv0")], "by-id gives host 0"),
    (
        [put("node", "hv250")],
        "10.1.0.250 is taken by pvc.cluster.networks.cluster.floating_ip",
    ),
    (
        [put("system.configuration.networking.storage.address", "by-name")],
        "'by-name' is not an IPv4 address (expected None, by-id or",
    ),
    (
        [put("system.configuration.networking.storage.address", "10.3.0.1/24")],
        "10.3.0.1 is not in the network 10.2.0.0/24",
    ),
    ([put("system.configuration.networking.cluster.mtu", 100)], "100 is out of range"),
    ([put("cluster.zookeeper.port", 70000)], "70000 is out of range"),
    ([put("cluster.zookeeper.username", "pvc")], "username and password belong together"),
    ([drop("system.fencing.ipmi.user")], "pvc.system.fencing.ipmi.user: is missing"),
    ([put("system.fencing.ipmi.pass", 12345)], "pass: the value is not a text; put it in quotes"),
    (
        [put("system.configuration.directories.dynamic_directory", "run")],
        "'run' is not an absolute path",
    ),
    (
        [put("system.configuration.directories.dynamic_directory", "/" + "x" * 90)],
        "is too long for the sockets in it",
    ),
    (
        [put("system.configuration.networking.sriov_device", [{"phy": "e", "vfcount": "n"}])],
        "pvc.system.configuration.networking.sriov_device[0].vfcount: 'n' is not a whole number",
    ),
    (
        [put("system.configuration.networking.sriov_device", [{"device": "e", "vfcount": 1}])],
        "sriov_device[0].device: unknown key",
    ),
    (
        [put("system.configuration.networking.sriov_device", ["ens1"])],
        "is not a list of maps",
    ),
    ([put("system.fencing.ipmi.pass_file", "/x")], "pass is given as well; keep one"),
]


@pytest.mark.parametrize(("changes", "fault"), FAULTS, ids=[fault for _, fault in FAULTS])
def test_every_kind_of_fault(changes: list[Change], fault: str) -> None:
    found = examine(*changes)
    assert found.config is None
    assert any(fault in each for each in found.faults), found.faults


def test_all_faults_come_at_once() -> None:
    changes = [
        put("node", ""),
        put("debug", 3),
        put("cluster.zookeeper.port", "x"),
        put("system.intervals.suicide_intervals", 0),
        put("system.fencing.actions.failed_fence", "migrate"),
        put("typo", 1),
    ]
    assert len(examine(*changes).faults) == 5


def test_a_wrong_secret_is_never_shown() -> None:
    found = examine(put("system.fencing.ipmi.pass", ["hunter2"]))
    assert found.faults
    assert not any("hunter2" in fault for fault in found.faults)


def test_a_huge_network_takes_no_time() -> None:
    config = config_of(
        put("cluster.networks.cluster.network", "10.0.0.0/8"),
        put("cluster.networks.cluster.floating_ip", "10.255.255.250/8"),
    )
    assert config.networks["cluster"].address == IPv4Address("10.0.0.2")


def test_what_has_no_effect_is_said() -> None:
    notes = examine(put("functions.enable_storage", True)).notes
    assert any(
        note == "accepted, has no effect in this version (its ceph worker comes with the storage): "
        "pvc.functions.enable_storage"
        for note in notes
    )


def test_an_even_number_of_coordinators_is_a_warning_only() -> None:
    found = examine(put("cluster.coordinators", ["hv1", "hv2"]))
    assert found.config is not None
    assert any("have an odd number" in note for note in found.notes)


# --- the file itself


def written(tmp_path: Path, text: str, mode: int = 0o640) -> Path:
    path = tmp_path / "pvcnoded.yaml"
    path.write_text(text)
    path.chmod(mode)
    return path


def test_a_right_file(tmp_path: Path) -> None:
    found = node_file.examine(written(tmp_path, yaml.safe_dump(document())))
    assert found.config is not None
    assert found.config.node == "hv2"
    assert found.faults == ()
    assert not any("everybody" in note for note in found.notes)


def test_a_wrong_file_is_no_config_and_every_fault(tmp_path: Path) -> None:
    found = node_file.examine(written(tmp_path, "pvc: {node: '', debug: 3}"))
    assert found.config is None
    assert len(found.faults) > 2


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (
            "pvc:\n  node: hv1\n  node: hv2\n",
            "in line 3, column 3: the key 'node' is written twice",
        ),
        ("pvc:\n  node: [hv1\n", "is not valid YAML in line 3"),
        ("pvc:\n\tnode: hv1\n", "is not valid YAML in line 2"),
        ("pvc: !!python/object/apply:os.system [id]\n", "is not valid YAML in line 1"),
        ("when: 2026-99-99\n", "is not valid YAML"),
        ("- 1\n", "pvc: is missing"),
        ("", "pvc: is missing"),
        ("pvd: {}\n", "pvd: unknown key (did you mean 'pvc'?)"),
        ("pvc: 7\n", "pvc: 7 is not a section"),
        (f"n: {'9' * 5000}\n", "is not valid YAML"),
        ("[" * 500, "is not valid YAML"),
        ("? [a]\n: b\n", "is not valid YAML in line 1"),
        ("pvc: *nothing\n", "is not valid YAML in line 1"),
        ("--- 1\n--- 2\n", "is not valid YAML"),
    ],
)
def test_a_broken_file_is_one_clear_fault(tmp_path: Path, text: str, fault: str) -> None:
    faults = node_file.examine(written(tmp_path, text)).faults
    assert any(fault in each for each in faults), faults


def test_a_missing_file_names_itself_and_the_cure(tmp_path: Path) -> None:
    (fault,) = node_file.examine(tmp_path / "none.yaml").faults
    assert fault == (
        f"{tmp_path}/none.yaml: does not exist; create it, or name another file with --config"
    )


def test_a_directory_cannot_be_read(tmp_path: Path) -> None:
    (fault,) = node_file.examine(tmp_path).faults
    assert "cannot be read: Is a directory" in fault


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_bytes(b"pvc:\n  node: \xff\n")
    assert node_file.examine(path).faults == (f"{path}: is not UTF-8 in line 2",)


def test_an_inline_secret_everybody_can_read_is_a_warning(tmp_path: Path) -> None:
    path = written(tmp_path, yaml.safe_dump(document()), mode=0o644)
    assert any("everybody can read it" in note for note in node_file.examine(path).notes)


def with_secret_file(tmp_path: Path, content: bytes, mode: int) -> Examination[NodeConfig]:
    secret = tmp_path / "ipmi.secret"
    secret.write_bytes(content)
    secret.chmod(mode)
    return examine(
        drop("system.fencing.ipmi.pass"), put("system.fencing.ipmi.pass_file", str(secret))
    )


def test_a_secret_of_its_own_file(tmp_path: Path) -> None:
    config = with_secret_file(tmp_path, b"from file\n", 0o640).config
    assert config is not None
    assert config.fencing.ipmi is not None
    assert config.fencing.ipmi.password == "from file"


@pytest.mark.parametrize(
    ("content", "mode", "fault"),
    [
        (b"x", 0o644, "is open to everybody (mode 0644); run: chmod o= "),
        (b"x", 0o602, "is open to everybody (mode 0602)"),
        (b"\n", 0o600, "is empty"),
        (b"\xff", 0o600, "is not UTF-8 text"),
        (b"a\nb", 0o600, "does not hold one line of text"),
        (b"a" * 5000, 0o600, "does not hold one line of text"),
    ],
)
def test_a_bad_secret_file(tmp_path: Path, content: bytes, mode: int, fault: str) -> None:
    faults = with_secret_file(tmp_path, content, mode).faults
    assert len(faults) == 1
    assert faults[0].startswith("pvc.system.fencing.ipmi.pass_file: ")
    assert fault in faults[0]


def test_a_missing_secret_file() -> None:
    found = examine(
        drop("system.fencing.ipmi.pass"), put("system.fencing.ipmi.pass_file", "/nonexistent")
    )
    assert found.faults == (
        "pvc.system.fencing.ipmi.pass_file: /nonexistent cannot be read: No such file or directory",
    )


def test_a_secret_file_that_is_a_pipe_does_not_hang(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe, 0o600)
    found = examine(
        drop("system.fencing.ipmi.pass"), put("system.fencing.ipmi.pass_file", str(pipe))
    )
    assert "is not a file" in found.faults[0]


def test_the_path_comes_from_the_environment() -> None:
    assert NODE_FILE.path({}) == Path("/etc/pvc/pvcnoded.yaml")
    assert NODE_FILE.path({"PVCD_CONFIG_FILE": "/x.yaml"}) == Path("/x.yaml")


def test_the_document_is_not_changed() -> None:
    before = document()
    after = copy.deepcopy(before)
    node_file.examine_document(after)
    assert after == before

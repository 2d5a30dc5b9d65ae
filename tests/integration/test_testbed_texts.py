"""What the testbed writes and reads, without a cluster: keys, configuration, health, XML."""

import base64
import json
from configparser import ConfigParser
from pathlib import Path
from xml.etree import ElementTree

import pytest

from testbed import ceph_health, ceph_install, ceph_keys, guests, settings
from testbed.bed_words import CHECKOUT
from testbed.cluster import Cluster
from testbed.settings import Settings

pytestmark = pytest.mark.integration

UUID = "00000000-0000-4000-8000-000000000001"


def bed(nodes: int = 3, coordinators: int = 3) -> Settings:
    """Return settings of a testbed that is never made."""
    return settings.new(
        name="pvcz",
        home=Path("/nonexistent"),
        checkout=CHECKOUT,
        nodes=nodes,
        coordinators=coordinators,
        net="10.90",
        suite="bookworm",
        product=False,
    )


def test_keys_are_cephs_and_differ() -> None:
    """A key has Ceph's head and length; no two users share one, and the same user keeps his."""
    mine = bed()
    keys = [ceph_keys.key(mine, user.name) for user in ceph_keys.everybody(mine)]
    assert len(set(keys)) == len(keys) == 9
    assert all(base64.b64decode(key)[:2] == b"\x01\x00" for key in keys)
    assert all(len(base64.b64decode(key)) == 12 + 16 for key in keys)
    assert ceph_keys.key(mine, "osd.0") == ceph_keys.key(mine, "osd.0")
    assert ceph_keys.key(mine, "osd.0") != ceph_keys.key(bed(), "osd.0")


@pytest.mark.parametrize(
    ("nodes", "coordinators", "replicas", "least"),
    [(1, 1, "1", "1"), (2, 1, "2", "1"), (3, 3, "3", "2"), (5, 3, "3", "2")],
)
def test_replicas_fit_the_size(nodes: int, coordinators: int, replicas: str, least: str) -> None:
    """A small testbed keeps fewer copies; one node of three may be lost."""
    config = ConfigParser()
    config.read_string(ceph_install.config(bed(nodes, coordinators)))
    assert config["global"]["osd_pool_default_size"] == replicas
    assert config["global"]["osd_pool_default_min_size"] == least
    assert config["global"]["mon_host"].count("v2:") == coordinators


def said(**changes: object) -> str:
    """Return what `ceph status` says of a whole cluster, or of one that is not."""
    facts: dict[str, object] = {"quorum": ["hv1", "hv2", "hv3"], "up": 3, "in": 3, "clean": 9}
    facts |= changes
    states = [{"state_name": "active+clean", "count": facts["clean"]}]
    return json.dumps(
        {
            "health": {"status": "HEALTH_WARN"},
            "quorum_names": facts["quorum"],
            "osdmap": {"num_up_osds": facts["up"], "num_in_osds": facts["in"]},
            "pgmap": {"pgs_by_state": states, "num_pgs": 9, "num_pools": 1},
        }
    )


@pytest.mark.parametrize(
    ("changes", "lacks"),
    [
        ({}, []),
        ({"quorum": ["hv1", "hv2"]}, ["2 of 3 monitors in the quorum"]),
        ({"up": 2}, ["2 of 3 OSDs up"]),
        ({"in": 1}, ["1 of 3 OSDs in"]),
        ({"clean": 8}, ["8 of 9 placement groups active+clean"]),
    ],
)
def test_what_a_cluster_lacks(changes: dict[str, object], lacks: list[str]) -> None:
    """A mere warning is no lack; everything else is named."""
    assert ceph_health.parse(said(**changes)).lacks(monitors=3, osds=3) == lacks


def test_xml_of_a_guest() -> None:
    """The disk, the key to it and the console's log are where the product looks for them."""
    cluster = Cluster(bed())
    root = ElementTree.fromstring(
        guests.domain_xml(cluster, "web", UUID, memory_mb=128, options="pvc.deaf")
    )
    assert root.findtext("uuid") == UUID
    assert root.findtext("memory") == "128"
    source = root.find("devices/disk/source")
    assert source is not None
    assert source.get("name") == "vms/web_disk0"
    assert len(source.findall("host")) == 3
    secret = root.find("devices/disk/auth/secret")
    assert secret is not None
    assert secret.get("uuid") == ceph_keys.secret_uuid(cluster.settings)
    log = root.find("devices/serial/log")
    assert log is not None
    assert log.get("file") == "/var/log/libvirt/web.log"
    assert root.findtext("sysinfo/system/entry") == "pvc.deaf"


def test_xml_without_disk_and_console() -> None:
    """What is not wanted is not there."""
    xml = guests.domain_xml(Cluster(bed()), "bare", UUID, disk=None, serial=False)
    devices = ElementTree.fromstring(xml).find("devices")
    assert devices is not None
    assert not {"disk", "serial", "console"} & {device.tag for device in devices}

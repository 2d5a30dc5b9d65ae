"""Edits change what they are about and nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster.definition.device_editing import attached, detached
from cluster.definition.editing import (
    normalised,
    parse_topology,
    renamed,
    with_memory,
    with_uuid,
    with_vcpus,
)
from cluster.definition.reading import read
from runtime.errors import Conflict, Invalid, NotFound
from tests.fakes.vm_tree import UUID, xml_of

XML = xml_of("www")
LOG = "<serial type='pty'><log file='{}' append='on'/></serial>"
MAC = "52:54:00:aa:00:01"
NIC = f"<interface type='bridge'><mac address='{MAC}'/><source bridge='vmbr7'/></interface>"
DISK = (
    "<disk type='network' device='disk'><driver name='qemu'/>"
    "<source protocol='rbd' name='vms/{}'/><target dev='{}'/></disk>"
)


def with_log(path: str) -> str:
    return XML.replace("<devices>", f"<devices>{LOG.format(path)}")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("/var/log/libvirt/www.log", "/var/log/libvirt/shop.log"),
        ("/var/log/libvirt/www-console.log", "/var/log/libvirt/shop-console.log"),
        ("/var/log/libvirt/www", "/var/log/libvirt/shop"),
        ("www.log", "shop.log"),
        ("/srv/www/console.log", "/srv/www/console.log"),
        ("/var/log/www2.log", "/var/log/www2.log"),
        ("/var/log/my-www.log", "/var/log/my-www.log"),
    ],
)
def test_a_log_named_after_the_vm_follows_its_name(before: str, after: str) -> None:
    definition = read(renamed(with_log(before), "shop"))
    assert (definition.name, definition.console_log) == ("shop", after)
    assert definition.volumes == ("vms/www_root",)


def test_a_name_that_cannot_be_one() -> None:
    with pytest.raises(Invalid, match="cannot be the name"):
        renamed(XML, "a/b")


def test_memory() -> None:
    text = XML.replace("<vcpu>", "<currentMemory unit='KiB'>5</currentMemory><vcpu>")
    found = with_memory(text, 2048)
    assert read(found).memory_mb == 2048
    assert '<currentMemory unit="MiB">2048</currentMemory>' in found
    assert "currentMemory" not in with_memory(XML, 2048)
    with pytest.raises(Invalid, match="0 MiB"):
        with_memory(XML, 0)


def test_memory_above_the_limit_of_the_definition() -> None:
    text = XML.replace("<memory", "<maxMemory unit='GiB' slots='4'>1</maxMemory><memory")
    assert read(with_memory(text, 1024)).memory_mb == 1024
    with pytest.raises(Invalid, match="<maxMemory> of the definition, 1024 MiB"):
        with_memory(text, 1025)


def test_vcpus_and_their_topology() -> None:
    assert read(with_vcpus(XML, 4)).topology == "1/4/1"
    odd = XML.replace(
        "<vcpu>1</vcpu>", "<vcpu current='1'>2</vcpu><vcpus><vcpu id='0'/></vcpus><os/>"
    )
    found = with_vcpus(odd, 8, (2, 2, 2))
    definition = read(found)
    assert (definition.vcpus, definition.topology) == (8, "2/2/2")
    assert "<vcpus>" not in found
    assert "current" not in found
    assert found.index("<vcpu>") < found.index("<os") < found.index("<cpu>")
    for vcpus, topology in ((0, None), (4, (1, 3, 1)), (4, (-1, -4, 1))):
        with pytest.raises(Invalid, match="do not make"):
            with_vcpus(XML, vcpus, topology)


def test_a_topology_as_people_write_it() -> None:
    assert parse_topology("1, 2,3") == parse_topology("1/2/3") == (1, 2, 3)
    for text in ("", "1,2", "1,2,x", "1,2,3,4", "-1,2,3"):
        with pytest.raises(Invalid, match="sockets,cores,threads"):
            parse_topology(text)


def test_a_uuid_is_given_after_the_name() -> None:
    bare = XML.replace(f"<uuid>{UUID}</uuid>", "")
    assert with_uuid(bare, UUID) == normalised(XML)
    assert with_uuid(XML, UUID) == normalised(XML)


def test_devices_in_and_out_again() -> None:
    more = attached(XML, NIC)
    more = attached(more, DISK.format("data", "vdb"))
    definition = read(more)
    assert [nic.vni for nic in definition.nics] == ["7"]
    assert definition.volumes == ("vms/www_root", "vms/data")
    gone = detached(more, "<disk type='network'><target dev='vdb'/></disk>")
    assert '<driver name="qemu" />' in gone.device
    assert gone.device.startswith("<disk")
    gone = detached(gone.xml, f"<interface><mac address='{MAC.upper()}'/></interface>")
    assert gone.xml == normalised(XML)


@pytest.mark.parametrize(
    ("device", "error", "why"),
    [
        (DISK.format("x", "vda"), Conflict, "has disk vda already"),
        (DISK.format("www_root", "vdb"), Conflict, "has the volume vms/www_root already"),
        (DISK.format("a/b", "vdb"), Invalid, "source name 'vms/a/b' is not pool/volume"),
        ("<disk type='network'><source protocol='rbd' name='a/b'/></disk>", Invalid, "no <target"),
        ("<interface type='bridge'><source bridge='b'/></interface>", Invalid, "lacks the MAC"),
        ("<tpm/>", Invalid, "<tpm> cannot be plugged"),
        ("<disk", Invalid, "this is no XML"),
    ],
)
def test_what_cannot_be_attached(device: str, error: type[Exception], why: str) -> None:
    with pytest.raises(error, match=why):
        attached(XML, device)


def test_what_cannot_be_detached() -> None:
    with pytest.raises(NotFound, match="has no disk vdz"):
        detached(XML, DISK.format("x", "vdz"))
    with pytest.raises(NotFound, match=f"has no interface {MAC}"):
        detached("<domain/>", NIC)
    with pytest.raises(Conflict, match="is vms/www_root, not vms/other"):
        detached(XML, DISK.format("other", "vda"))


def test_a_definition_without_devices_gets_some() -> None:
    bare = XML[: XML.index("<devices>")] + "</domain>"
    assert [nic.mac for nic in read(attached(bare, NIC)).nics] == [MAC]


@given(st.integers(1, 10**6), st.integers(1, 64), st.integers(1, 4), st.integers(1, 4))
def test_edits_leave_the_rest(memory_mb: int, cores: int, sockets: int, threads: int) -> None:
    vcpus = sockets * cores * threads
    found = read(with_memory(with_vcpus(XML, vcpus, (sockets, cores, threads)), memory_mb))
    assert (found.memory_mb, found.vcpus) == (memory_mb, vcpus)
    assert found.topology == f"{sockets}/{cores}/{threads}"
    assert (found.name, found.uuid, found.disks) == ("www", UUID, read(XML).disks)

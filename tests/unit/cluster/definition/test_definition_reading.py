"""Definitions are read safely, and what is refused says which element and why."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster.definition.document import MOST_BYTES, parse
from cluster.definition.editing import normalised
from cluster.definition.reading import examine, read
from cluster.model.definition import Controller, Definition, Disk, DiskKind, Nic
from runtime.errors import Invalid

UUID = "1c2f64a0-0000-4c0e-9c5a-000000000001"
FULL = f"""<?xml version="1.0" encoding="utf-16"?>
<!-- made by hand -->
<domain type='kvm' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>
  <name>web-1.example</name>
  <uuid>{UUID.upper()}</uuid>
  <description>The shop</description>
  <memory unit='GiB'>2</memory>
  <vcpu>4</vcpu>
  <os><type arch='x86_64' machine='q35'>hvm</type></os>
  <features><acpi/><apic/></features>
  <cpu><topology sockets='2' cores='2' threads='1'/></cpu>
  <devices>
    <emulator>/usr/bin/kvm</emulator>
    <controller type='scsi' model='virtio-scsi'/>
    <controller type='usb'/>
    <disk type='network' device='disk'>
      <source protocol='rbd' name='vms/web_root'/><target dev='sda' bus='scsi'/>
    </disk>
    <disk type='file' device='cdrom'><target dev='sdb'/></disk>
    <disk type='block' device='disk'><source dev='/dev/x'/><target dev='sdc'/></disk>
    <interface type='bridge'>
      <mac address='52:54:00:AA:00:01'/><source bridge='vmbr100'/><model type='virtio'/>
    </interface>
    <interface type='bridge'><mac address='52:54:00:aa:00:02'/>
      <source bridge='brcluster'/></interface>
    <interface type='bridge'><source bridge='br0'/></interface>
    <interface type='direct'><source dev='ens1f0v0' mode='passthrough'/></interface>
    <interface type='hostdev'>
      <source><address type='pci' domain='0x0000' bus='0x3' slot='0x10' function='0x1'/></source>
    </interface>
    <serial type='pty'><log file='/var/log/libvirt/qemu/web.log'/></serial>
    <console type='pty'/>
    <graphics type='vnc' port='-1' listen='0.0.0.0'/>
  </devices>
  <qemu:commandline><qemu:arg value='-x'/></qemu:commandline>
</domain>"""


def test_a_whole_definition() -> None:
    assert read(FULL) == Definition(
        name="web-1.example",
        uuid=UUID,
        memory_mb=2048,
        vcpus=4,
        topology="2/2/1",
        description="The shop",
        type="kvm",
        arch="x86_64",
        machine="q35",
        emulator="/usr/bin/kvm",
        console="pty",
        console_log="/var/log/libvirt/qemu/web.log",
        vnc_listen="0.0.0.0",
        vnc_port="-1",
        features=("acpi", "apic"),
        disks=(
            Disk(kind=DiskKind.RBD, name="vms/web_root", device="sda", bus="scsi"),
            Disk(kind=DiskKind.FILE, name="", device="sdb"),
            Disk(kind=DiskKind.FILE, name="/dev/x", device="sdc"),
        ),
        nics=(
            Nic(
                kind="bridge",
                vni="100",
                mac="52:54:00:aa:00:01",
                source="vmbr100",
                model="virtio",
            ),
            Nic(kind="bridge", vni="cluster", mac="52:54:00:aa:00:02", source="brcluster"),
            Nic(kind="bridge", vni="br0", mac="", source="br0"),
            Nic(kind="direct", vni="macvtap:ens1f0v0", mac="", source="ens1f0v0"),
            Nic(kind="hostdev", vni="hostdev:0000:03:10.1", mac="", source="0000:03:10.1"),
        ),
        controllers=(Controller(kind="scsi", model="virtio-scsi"), Controller(kind="usb")),
    )
    assert read(FULL).volumes == ("vms/web_root",)
    assert examine(FULL) == read(FULL)


def small(
    *,
    name: str = "<name>vm</name>",
    uuid: str = f"<uuid>{UUID}</uuid>",
    memory: str = "<memory>1048576</memory>",
    vcpu: str = "<vcpu>2</vcpu>",
    devices: str = "",
    more: str = "",
) -> str:
    return f"<domain>{name}{uuid}{memory}{vcpu}{more}<devices>{devices}</devices></domain>"


def disk(name: str = "vms/a", target: str = "<target dev='vda'/>", kind: str = "network") -> str:
    return f"<disk type='{kind}'><source protocol='rbd' name='{name}'/>{target}</disk>"


def nic(mac: str = "", kind: str = "bridge", source: str = "<source bridge='vmbr1'/>") -> str:
    return f"<interface type='{kind}'><mac address='{mac}'/>{source}</interface>"


@pytest.mark.parametrize(
    ("xml", "why"),
    [
        (small(name=""), "<name>: it is missing"),
        (small(name="<name>a b</name>"), "'a b' cannot be the name of a VM"),
        (small(name="<name>..</name>"), "'..' cannot be the name of a VM"),
        (small(name="<name>-f</name>"), "'-f' cannot be the name of a VM"),
        (small(name=f"<name>{'x' * 64}</name>"), "1 to 63 letters"),
        (small(uuid=""), "<uuid>: it is missing"),
        (small(uuid="<uuid>123</uuid>"), "<uuid>: '123' is no UUID"),
        (small(memory=""), "<memory>: it is missing"),
        (small(memory="<memory>0</memory>"), "<memory>: 0 KiB is less than 1 MiB"),
        (small(memory="<memory>-5</memory>"), "<memory>: '-5' is no whole number above 0"),
        (small(memory="<memory unit='pages'>5</memory>"), "'pages' is no unit of memory"),
        (small(vcpu="<vcpu>0</vcpu>"), "<vcpu>: '0' is no whole number from 1 to 4096"),
        (small(vcpu="<vcpu>two</vcpu>"), "<vcpu>: 'two' is no whole number"),
        (
            small(more="<cpu><topology sockets='1' cores='3' threads='1'/></cpu>"),
            "<topology>: 1/3/1 (sockets/cores/threads) does not make 2 vCPUs",
        ),
        (small(devices=disk(target="")), "<disk>: it has no <target dev='...'>"),
        (small(devices=disk("vms")), "<disk> vda: source name 'vms' is not pool/volume"),
        (small(devices=disk("a/b/c")), "<disk> vda: source name 'a/b/c' is not pool/volume"),
        (small(devices=disk("a/b@s")), "<disk> vda: source name 'a/b@s' is not pool/volume"),
        (small(devices=disk(kind="volume")), "<disk> vda: type 'volume' is not supported"),
        (small(devices=disk(kind="file")), "<disk> vda: it has no <source file='...'>"),
        (small(devices=disk(kind="block")), "<disk> vda: it has no <source dev='...'>"),
        (
            small(devices=disk().replace("rbd", "iscsi")),
            "<disk> vda: protocol 'iscsi' is not supported",
        ),
        (small(devices=disk() + disk("vms/b")), "<disk>: more than one has the target vda"),
        (small(devices=nic("x")), "<interface> x: this is no MAC address"),
        (small(devices=nic("01:00:00:00:00:01")), "this is no MAC address that an interface"),
        (
            small(devices=nic("52:54:00:AA:00:01") + nic("52:54:00:aa:00:01")),
            "<interface>: more than one has the MAC address 52:54:00:aa:00:01",
        ),
        (small(devices=nic(kind="network")), "<interface>: type 'network' is not supported"),
        (small(devices=nic(source="")), "<interface>: it has no source"),
        ("<domain", "this is no XML"),
        ("", "this is no XML"),
        ("<!-- nothing -->", "this is no XML"),
        ("<network/>", "<network> is no definition of a VM"),
        ("<!DOCTYPE domain><domain/>", "DOCTYPE"),
        ("<!DOCTYPE d [<!ENTITY a 'b'>]><domain>&a;</domain>", "DOCTYPE"),
        ("<!DOCTYPE d SYSTEM 'file:///etc/passwd'><domain/>", "DOCTYPE"),
        ("<domain>&a;</domain>", "this is no XML: undefined entity"),
        ("<domain>\ud800</domain>", "this cannot be read as XML"),
        ("<a>" * 65 + "</a>" * 65, "nested more than 64"),
        ("<a>" * 20_000, "nested more than 64"),
        (f"<domain>{'x' * MOST_BYTES}</domain>", f"at most {MOST_BYTES} are accepted"),
    ],
)
def test_what_is_refused(xml: str, why: str) -> None:
    with pytest.raises(Invalid) as caught:
        read(xml)
    assert why in caught.value.message


def test_all_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(Invalid) as caught:
        read(small(name="", vcpu="<vcpu>x</vcpu>", devices=disk("x")))
    assert len(caught.value.fields["faults"]) == 3  # type: ignore[arg-type]


def test_what_an_earlier_program_accepted_is_examined_as_far_as_it_goes() -> None:
    found = examine(small(uuid="", memory="<memory>x</memory>", devices=disk("odd") + disk()))
    assert found is not None
    assert (found.name, found.uuid, found.memory_mb, found.vcpus) == ("vm", "", 0, 2)
    assert found.volumes == ("odd", "vms/a")
    assert examine("<domain") is None
    assert examine("x" * (MOST_BYTES + 1)) is None


@pytest.mark.parametrize(
    ("text", "memory_mb"),
    [
        ("<memory>1048576</memory>", 1024),
        ("<memory unit='bytes'>1048576</memory>", 1),
        ("<memory unit='MB'>1000</memory>", 953),
        ("<memory unit='G'>3</memory>", 3072),
        ("<memory unit='TiB'> 1 </memory>", 1048576),
    ],
)
def test_units_of_memory(text: str, memory_mb: int) -> None:
    assert read(small(memory=text)).memory_mb == memory_mb


def test_one_vcpu_is_what_libvirt_takes_for_none() -> None:
    assert read(small(vcpu="")).vcpus == 1


def test_comments_and_namespaces_survive() -> None:
    text = normalised(FULL.replace("<devices>", "<devices><!-- mine --><?pi x?><odd:x xmlns:odd='u'"
                                                " odd:a='1' xml:lang='en'/>"))  # fmt: skip
    assert "<!-- mine -->" in text
    assert "<?pi x?>" in text
    assert "<qemu:arg value=" in text
    assert 'xmlns:qemu="http://libvirt.org/schemas/domain/qemu/1.0"' in text
    assert '<odd:x xmlns:odd="u" odd:a="1" xml:lang="en" />' in text
    assert normalised(text) == text
    assert (
        normalised("<domain xmlns='u'><a/></domain>") == '<domain xmlns="u">\n  <a />\n</domain>\n'
    )


TAGS = ["domain", "name", "uuid", "memory", "vcpu", "devices", "disk", "interface", "source"]
TAGS += ["target", "mac", "cpu", "topology", "graphics", "serial", "log", "x:y", "address"]
NAMES = ["type", "dev", "name", "unit", "protocol", "address", "bus", "xmlns", "xmlns:x", "x:a"]
WORDS = ["rbd", "network", "bridge", "hostdev", "pci", "0x", "vms/a", "9" * 30, "²", "", "vnc"]


def _element(tag: str, attributes: dict[str, str], inner: list[str]) -> str:
    said = "".join(f" {name}='{value}'" for name, value in attributes.items())
    return f"<{tag}{said}>{''.join(inner)}</{tag}>"


TREES = st.recursive(
    st.sampled_from([*WORDS, "<!-- c -->", "<?p i?>", "&#13;", "&amp;", "&lt;", "\t"]),
    lambda inner: st.builds(
        _element,
        st.sampled_from(TAGS),
        st.dictionaries(st.sampled_from(NAMES), st.sampled_from(WORDS), max_size=3),
        st.lists(inner, max_size=4),
    ),
    max_leaves=20,
)


@given(st.one_of(st.text(), st.text("<>/='\"&;!? ab\x00\ud800", max_size=40), TREES))
def test_garbage_is_invalid_and_nothing_else(text: str) -> None:
    for xml in (text, f"<domain>{text}</domain>"):
        try:
            read(xml)
        except Invalid as error:
            assert error.message
        examine(xml)


@given(TREES)
def test_the_normal_form_is_normal_and_says_the_same(text: str) -> None:
    xml = f"<domain>{text}</domain>"
    try:
        parse(xml)
    except Invalid:
        return
    once = normalised(xml)
    assert normalised(once) == once
    assert examine(once) == examine(xml)

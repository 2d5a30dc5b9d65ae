"""What is read of a running VM: its live definition, its states, its statistics, its devices."""

import pytest

from workers.vm.child.device_match import has_device
from workers.vm.child.domain_states import local_state, pause
from workers.vm.child.live_xml import describe, device_names
from workers.vm.child.stats_values import devices_of, is_complete, values
from workers.vm.local import LocalState, Pause

XML = """<domain type='qemu' id='5'>
  <memory unit='KiB'>4194304</memory>
  <currentMemory unit='KiB'>2097152</currentMemory>
  <vcpu placement='static' current='2'>4</vcpu>
  <devices>
    <disk type='network'><source protocol='rbd' name='vms/one_disk0'/>
      <target dev='vda' bus='virtio'/></disk>
    <disk type='file'><source file='/srv/b.iso'/><target dev='sda'/></disk>
    <disk type='file' device='cdrom'><target dev='sdb'/></disk>
    <interface type='bridge'><target dev='vnet0'/>
      <mac address='52:54:00:AA:00:01'/><source bridge='b'/></interface>
    <hostdev mode='subsystem'><source>
      <address domain='0x0000' bus='0x3b' slot='0x02' function='0x1'/></source></hostdev>
    <serial type='pty'><log file='/var/log/libvirt/one.log'/></serial>
    <graphics type='vnc' port='5901' listen='0.0.0.0'/>
  </devices>
</domain>"""
BARE = "<domain><memory unit='KiB'>1024</memory><vcpu>1</vcpu><devices/></domain>"


def test_a_live_definition_is_described() -> None:
    assert describe(XML) == {
        "memory_mb": 2048,
        "vcpus": 2,
        "vnc": "0.0.0.0:5901",
        "console_log": "/var/log/libvirt/one.log",
    }


def test_what_it_lacks_is_empty() -> None:
    described = describe(BARE)
    assert (described["vcpus"], described["vnc"], described["console_log"]) == (1, "", "")


def test_devices_are_told_apart_by_what_the_definition_calls_them() -> None:
    assert device_names(XML) == {
        "vda": "vms/one_disk0",
        "sda": "/srv/b.iso",
        "vnet0": "52:54:00:AA:00:01",
    }
    assert device_names(BARE) == {}


def test_a_display_without_a_port_yet_is_none() -> None:
    assert describe(XML.replace("5901", "-1"))["vnc"] == ""


@pytest.mark.parametrize(
    ("code", "state"),
    [
        (0, LocalState.RUNNING),
        (1, LocalState.RUNNING),
        (2, LocalState.RUNNING),
        (3, LocalState.PAUSED),
        (4, LocalState.ENDING),
        (5, LocalState.ENDING),
        (6, LocalState.CRASHED),
        (7, LocalState.PAUSED),
        (99, LocalState.RUNNING),
    ],
)
def test_states(code: int, state: LocalState) -> None:
    assert local_state(code) is state


@pytest.mark.parametrize(
    ("reason", "expected"),
    [(1, Pause.USER), (2, Pause.MOVE), (5, Pause.IO_ERROR), (11, Pause.MOVE), (99, Pause.OTHER)],
)
def test_pauses(reason: int, expected: Pause) -> None:
    assert pause(reason) is expected


RECORD = {
    "state.state": 1,
    "cpu.time": 30,
    "cpu.user": 20,
    "balloon.current": 98304,
    "balloon.maximum": 131072,
    "balloon.rss": 173200,
    "vcpu.current": 1,
    "net.count": 1,
    "net.0.name": "vnet0",
    "net.0.rx.bytes": 5,
    "net.0.tx.pkts": 6,
    "block.count": 1,
    "block.0.name": "vda",
    "block.0.rd.reqs": 7,
    "block.0.wr.bytes": 8,
}


def test_statistics_have_the_names_of_the_store() -> None:
    found = values(RECORD, {"vda": "vms/one_disk0", "vnet0": "52:54:00:aa:00:01"})
    assert (found["state"], found["maxmem"], found["livemem"]) == ("running", 131072, 98304)
    assert (found["cpus"], found["cputime"]) == (1, 30)
    assert found["mem_stats"] == {"actual": 98304, "rss": 173200}
    assert found["cpu_stats"] == {"cpu_time": 30, "user_time": 20}
    assert found["disk_stats"] == [
        {
            "name": "vms/one_disk0",
            "dev": "vda",
            "rd_req": 7,
            "rd_bytes": 0,
            "wr_req": 0,
            "wr_bytes": 8,
        }
    ]
    assert found["net_stats"][0]["mac"] == "52:54:00:aa:00:01"
    assert devices_of(RECORD) == {"vda", "vnet0"}
    assert (found["net_stats"][0]["rd_bytes"], found["net_stats"][0]["wr_packets"]) == (5, 6)


def test_a_guest_that_was_not_asked_is_known_by_what_is_missing() -> None:
    assert is_complete(RECORD)
    assert not is_complete({name: RECORD[name] for name in RECORD if name != "balloon.rss"})


@pytest.mark.parametrize(
    ("device", "is_there"),
    [
        ("<disk><target dev='vda'/></disk>", True),
        ("<disk><target dev='vdb'/></disk>", False),
        ("<interface><mac address='52:54:00:aa:00:01'/></interface>", True),
        ("<interface><mac address='52:54:00:aa:00:02'/></interface>", False),
        ("<interface/>", False),
        (
            "<hostdev><source><address domain='0' bus='0x3B' slot='0x2' function='1'/></source>"
            "</hostdev>",
            True,
        ),
        ("<watchdog model='i6300esb'/>", False),
    ],
)
def test_a_device_is_known_by_what_names_it(device: str, is_there: bool) -> None:
    assert has_device(XML, device) is is_there

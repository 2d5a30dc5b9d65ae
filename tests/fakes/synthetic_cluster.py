"""A tree of the newest schema with as many nodes and VMs as wanted, of realistic sizes."""

from typing import Final

from cluster.model.node import InterfaceFacts, MemoryFacts, NodeFacts, Presence, WorkerFacts
from cluster.model.vm import Seen, SeenState, Wanted, WantedState
from cluster.records import node_record, vm_record
from cluster.schema import codec
from cluster.schema.layout import Layout, layout
from cluster.schema.versions import NEWEST
from runtime.version import VERSION

_OBJECTLESS: Final = "{"
_SECRET: Final = "c416032b-2ce9-457f-a5dc-18704a3485f4"
_META: Final = (
    b'{"autostart":false,"migration_method":"live","migration_max_downtime":300,'
    b'"node_selector":"mem","node_limit":[]}'
)
_MEMORY_STATS: Final = (
    "actual",
    "swap_in",
    "swap_out",
    "major_fault",
    "minor_fault",
    "unused",
    "available",
    "usable",
    "last_update",
    "rss",
    "disk_caches",
    "hugetlb_pgalloc",
    "hugetlb_pgfail",
)


def synthetic_tree(nodes: int, vms: int) -> dict[str, bytes]:
    """Return every key by path: nodes `hv1…`, VMs `vm0001…` that run on them in turn."""
    keys = layout(NEWEST)
    tree = {key.path: key.default.encode() for key in keys.rows() if _OBJECTLESS not in key.path}
    tree[keys.path("schema.version")] = str(NEWEST).encode()
    tree[keys.path("cluster")] = b"demo"
    tree[keys.path("cluster.primary_node")] = b"hv1" if nodes else b"none"
    tree[keys.path("cluster.upstream_ip")] = b"10.0.0.250/24"
    for number in range(1, nodes + 1):
        tree |= node_keys(keys, f"hv{number}", vms_running=vms // nodes)
    for number in range(vms):
        tree |= _vm_keys(keys, number, f"hv{number % nodes + 1}")
    return tree


def node_keys(
    keys: Layout, name: str, *, vms_running: int = 0, state: bytes = b"run"
) -> dict[str, bytes]:
    """Return the keys of one node."""
    facts = NodeFacts(
        at="2026-01-02T03:04:05Z",
        cpu_count=32,
        load=1.5,
        kernel="6.1.0-18-amd64",
        os="GNU/Linux",
        arch="x86_64",
        memory=MemoryFacts(total_mb=128000, used_mb=64000, free_mb=60000),
        vms_running=vms_running,
        interfaces={
            f"ens{i}": InterfaceFacts(
                rx_bps=1000, tx_bps=2000, rx_pps=3, tx_pps=4, link_speed_bps=10**10, state="up"
            )
            for i in range(6)
        },
        workers={"keepalive": WorkerFacts(state="running", age_seconds=0.2)},
    )
    values = {
        "node": b"coordinator",
        "node.beat": b"run-1 17",
        "node.presence": node_record.presence_data(Presence(run="run-1", version=VERSION)),
        "node.daemon_state": state,
        "node.facts": node_record.facts_data(facts),
        "node.domain_state": b"ready",
        "node.wanted_domain_state": b"ready",
        "node.coordinator_state": b"primary" if name == "hv1" else b"secondary",
        "node.active_schema": str(NEWEST).encode(),
        "node.latest_schema": str(NEWEST).encode(),
        "node.version": VERSION.encode(),
        "node.log": b"",
    }
    return {keys.path(key, node=name): data for key, data in values.items()}


def _vm_keys(keys: Layout, number: int, node: str) -> dict[str, bytes]:
    uuid, name = f"1c2f64a0-0000-4c0e-9c5a-{number:012d}", f"vm{number:04d}"
    values = {
        "vm": name.encode(),
        "vm.xml": vm_xml(name, uuid, number),
        "vm.wanted": vm_record.wanted_data(Wanted(state=WantedState.START, node=node, serial=1)),
        "vm.seen": vm_record.seen_data(Seen(state=SeenState.RUNNING, node=node, serial=1)),
        "vm.meta": _META,
        "vm.tags": b'{"web":{"type":"user","protected":false}}' if number % 2 else b"{}",
        "vm.profile": b"",
        "vm.volumes": f"vms/{name}_root,vms/{name}_data".encode(),
        "vm.stats": vm_stats(name, number, 1_000_000),
        "vm.snapshots": b"",
        "vm.console": b"",
    }
    tree = {keys.path(key, vm=uuid): data for key, data in values.items()}
    return tree | {keys.path("vm_name", name=name): uuid.encode()}


def vm_xml(name: str, uuid: str, number: int) -> bytes:
    """Return a definition as people have them: 5 KB, two disks, two interfaces."""
    disks = "".join(
        f"""    <disk type="network" device="disk">
      <driver name="qemu" type="raw" discard="unmap"/>
      <auth username="libvirt"><secret type="ceph" uuid="{_SECRET}"/></auth>
      <source protocol="rbd" name="vms/{name}_{what}">
        <host name="hv1.storage.local" port="6789"/>
        <host name="hv2.storage.local" port="6789"/>
        <host name="hv3.storage.local" port="6789"/>
      </source>
      <target dev="{device}" bus="scsi"/>
    </disk>
"""
        for what, device in (("root", "sda"), ("data", "sdb"))
    )
    nics = "".join(
        f"""    <interface type="bridge">
      <mac address="52:54:00:{card:02x}:{number // 256 % 256:02x}:{number % 256:02x}"/>
      <source bridge="vmbr10{card}"/>
      <model type="virtio"/>
    </interface>
"""
        for card in (0, 1)
    )
    devices = "".join(
        f"""    <controller type="usb" index="{index}" model="piix3-uhci">
      <address type="pci" domain="0x0000" bus="0x00" slot="0x01" function="0x{index:x}"/>
    </controller>
"""
        for index in range(12)
    )
    return f"""<domain type="kvm" xmlns:qemu="http://libvirt.org/schemas/domain/qemu/1.0">
  <name>{name}</name>
  <uuid>{uuid}</uuid>
  <description>The machine number {number}</description>
  <metadata/>
  <memory unit="MiB">2048</memory>
  <vcpu>2</vcpu>
  <cpu mode="host-model"><topology sockets="1" cores="2" threads="1"/></cpu>
  <os><type arch="x86_64" machine="pc-i440fx-7.2">hvm</type><boot dev="hd"/></os>
  <features><acpi/><apic/><pae/></features>
  <clock offset="utc"/>
  <on_poweroff>destroy</on_poweroff><on_reboot>restart</on_reboot><on_crash>restart</on_crash>
  <devices>
    <emulator>/usr/bin/kvm</emulator>
    <controller type="scsi" index="0" model="virtio-scsi"/>
{devices}{disks}{nics}    <serial type="pty">
      <log file="/var/log/libvirt/{name}.log" append="on"/>
    </serial>
    <console type="pty"/>
    <graphics type="vnc" autoport="yes" listen="127.0.0.1"/>
    <video><model type="cirrus" vram="16384" heads="1"/></video>
  </devices>
</domain>
""".encode()


def vm_stats(name: str, number: int, at: int) -> bytes:
    """Return the statistics of a running VM."""
    disk = {"rd_req": at, "rd_bytes": at * 4096, "wr_req": at + number, "wr_bytes": at * 512}
    nic = {
        f"{way}_{what}": at + number
        for way in ("rd", "wr")
        for what in ("bytes", "packets", "errors", "drops")
    }
    return codec.to_json(
        {
            "at": "2026-01-02T03:04:05Z",
            "state": 1,
            "maxmem": 2097152,
            "livemem": 2097152,
            "cpus": 2,
            "cputime": at * 1000,
            "mem_stats": dict.fromkeys(_MEMORY_STATS, at),
            "cpu_stats": {"cpu_time": at * 1000, "user_time": at * 10, "system_time": at * 20},
            "disk_stats": [{"name": f"vms/{name}_{what}", **disk} for what in ("root", "data")],
            "net_stats": [
                {
                    "mac": f"52:54:00:{card:02x}:{number // 256 % 256:02x}:{number % 256:02x}",
                    **nic,
                }
                for card in (0, 1)
            ],
        }
    )

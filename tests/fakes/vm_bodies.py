"""VMs as the API answers them, for tests of its clients."""

from typing import Any

XML = """<domain type='kvm'>
  <name>web1</name>
  <uuid>1c2f64a0-0000-4c0e-9c5a-000000000001</uuid>
  <memory unit='MiB'>2048</memory>
  <vcpu>2</vcpu>
  <os>
    <type arch='x86_64' machine='pc'>hvm</type>
  </os>
  <devices>
    <disk type='network' device='disk'>
      <driver name='qemu' type='raw' discard='unmap' />
      <auth username='libvirt'>
        <secret type='ceph' uuid='5e5e5e5e-0000-4000-8000-000000000000' />
      </auth>
      <source protocol='rbd' name='vms/web1_root'>
        <host name='hv1' port='6789' />
      </source>
      <target dev='sda' bus='scsi' />
    </disk>
    <interface type='bridge'>
      <mac address='52:54:00:00:00:01' />
      <source bridge='vmbr100' />
      <model type='virtio' />
    </interface>
  </devices>
</domain>
"""


def vm(name: str = "web1", **changed: Any) -> dict[str, Any]:
    """Return a VM as `GET /vm` lists it."""
    return {
        "name": name,
        "uuid": "1c2f64a0-0000-4c0e-9c5a-000000000001",
        "state": "start",
        "node": "hv1",
        "last_node": "",
        "migrated": "no",
        "failed_reason": "",
        "node_limit": None,
        "node_selector": None,
        "node_autostart": False,
        "migration_method": None,
        "migration_max_downtime": 300,
        "tags": [{"name": "web", "type": "user", "protected": False}],
        "snapshots": [],
        "description": "",
        "profile": "",
        "memory": 2048,
        "memory_stats": {"actual": 2097152, "rss": 524288},
        "vcpu": 2,
        "vcpu_topology": "1/2/1",
        "vcpu_stats": {"cpu_time": 12_500_000_000},
        "type": "kvm",
        "arch": "x86_64",
        "machine": "pc",
        "console": "pty",
        "vnc": {"listen": "10.0.0.1", "port": "5900"},
        "emulator": "/usr/bin/kvm",
        "features": ["acpi", "apic"],
        "networks": [
            {
                "type": "bridge",
                "vni": "100",
                "mac": "52:54:00:00:00:01",
                "source": "vmbr100",
                "model": "virtio",
                "rd_bytes": 1_500_000,
                "rd_packets": 1000,
                "rd_errors": 0,
                "rd_drops": 0,
                "wr_bytes": 20,
                "wr_packets": 2,
                "wr_errors": 0,
                "wr_drops": 0,
            }
        ],
        "disks": [
            {
                "type": "rbd",
                "name": "vms/web1_root",
                "dev": "sda",
                "bus": "scsi",
                "rd_req": 10,
                "rd_bytes": 40_960,
                "wr_req": 0,
                "wr_bytes": 0,
            }
        ],
        "controllers": [{"type": "scsi", "model": "virtio-scsi"}],
        "xml": XML,
        **changed,
    }

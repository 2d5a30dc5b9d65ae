"""A further volume for a VM: reached as its first one is, which alone says how."""

from copy import deepcopy
from typing import Final
from xml.etree import ElementTree

from cluster.definition.document import parse_domain, render
from runtime.errors import Refused

_TAKEN_OVER: Final = ("driver", "auth", "source")


def rbd_disk(xml: str, volume: str, target: str, bus: str) -> str:
    """Return a disk that is a volume; raises `Refused` for a VM that has none to go by."""
    root = parse_domain(xml)
    model = root.find("devices/disk[@type='network']/source[@protocol='rbd']/..")
    if model is None:
        raise Refused(
            "the VM has no volume yet, so it is not known how its node reaches Ceph (monitors and "
            "secret): add the first <disk type='network'> by `pvc vm modify --editor`"
        )
    disk = ElementTree.Element("disk", {"type": "network", "device": "disk"})
    disk.extend(deepcopy(child) for child in model if child.tag in _TAKEN_OVER)
    for source in disk.iterfind("source"):
        source.set("name", volume)
    ElementTree.SubElement(disk, "target", {"dev": target, "bus": bus})
    return render(disk)

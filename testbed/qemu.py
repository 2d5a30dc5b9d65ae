"""The QEMU processes of a node as the host sees them, whatever libvirtd thinks of them."""

import itertools
import re
from dataclasses import dataclass
from pathlib import Path

from testbed.node import Node

GUEST_NAME = re.compile(r"(?:^|,)guest=([^,]+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Qemu:
    """One QEMU process as the host sees it."""

    node: str
    name: str
    uuid: str
    pid: int


def qemus_of(node: Node) -> list[Qemu]:
    """Return the QEMU processes of one node, frozen or not."""
    found = (_read_qemu(node.name, pid) for pid in node.processes())
    return [qemu for qemu in found if qemu]


def _read_qemu(node: str, pid: int) -> Qemu | None:
    try:
        raw = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return None
    words = raw.decode(errors="replace").split("\0")
    if "qemu-system" not in words[0]:
        return None
    options = dict(itertools.pairwise(words))
    named = GUEST_NAME.search(options.get("-name", ""))
    if named is None:
        return None
    return Qemu(node=node, name=named[1], uuid=options.get("-uuid", ""), pid=pid)

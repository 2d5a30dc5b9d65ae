"""Edits of definitions: text in, text out; pure.

Everything an edit is not about stays, comments and unknown elements too. Each edit returns the
normal form, so equal definitions are equal texts.
"""

import re
from typing import Final
from xml.etree import ElementTree

from cluster.definition.document import Element, parse_domain, render
from cluster.definition.units import as_mb, memory_bytes, why_no_name
from runtime.errors import Invalid

_BEFORE: Final = {
    "uuid": ("name",),
    "memory": ("name", "uuid", "title", "description", "metadata", "maxMemory"),
    "vcpu": (
        *("name", "uuid", "title", "description", "metadata", "maxMemory", "memory"),
        *("currentMemory", "blkiotune", "memtune", "memoryBacking"),
    ),
    "cpu": (
        *("name", "uuid", "title", "description", "metadata", "maxMemory", "memory"),
        *("currentMemory", "blkiotune", "memtune", "memoryBacking", "vcpu", "vcpus", "iothreads"),
        *("cputune", "numatune", "resource", "sysinfo", "os", "features"),
    ),
}
"""Where an element that is missing is put: after the last of these."""

_LOGS: Final = ("devices/serial/log", "devices/console/log")


def normalised(xml: str) -> str:
    """Return a definition in its normal form; raises `Invalid`."""
    return render(parse_domain(xml))


def with_uuid(xml: str, uuid: str) -> str:
    """Return a definition with this UUID."""
    root = parse_domain(xml)
    _child(root, "uuid").text = uuid
    return render(root)


def renamed(xml: str, name: str) -> str:
    """Return a definition with another name.

    The log of the serial console follows when its file is named after the VM.
    """
    if trouble := why_no_name(name):
        raise Invalid(trouble, name=name)
    root = parse_domain(xml)
    old = (root.findtext("name") or "").strip()
    _child(root, "name").text = name
    for path in _LOGS:
        for log in root.findall(path):
            log.set("file", _renamed_file(log.get("file", ""), old, name))
    return render(root)


def with_memory(xml: str, memory_mb: int) -> str:
    """Return a definition with this much memory."""
    if memory_mb < 1:
        raise Invalid(f"{memory_mb} MiB of memory is too little for a VM", memory_mb=memory_mb)
    root = parse_domain(xml)
    _check_limit(root, memory_mb)
    for name in ("memory", "currentMemory"):
        if name == "memory" or root.find(name) is not None:
            element = _child(root, name)
            element.set("unit", "MiB")
            element.text = str(memory_mb)
    return render(root)


def with_vcpus(xml: str, vcpus: int, topology: tuple[int, int, int] | None = None) -> str:
    """Return a definition with so many vCPUs: sockets, cores and threads as said, else 1 socket of
    as many cores."""
    sockets, cores, threads = topology or (1, vcpus, 1)
    if vcpus < 1 or min(sockets, cores, threads) < 1 or sockets * cores * threads != vcpus:
        raise Invalid(
            f"{sockets} sockets of {cores} cores of {threads} threads do not make {vcpus} vCPUs",
            vcpus=vcpus,
        )
    root = parse_domain(xml)
    element = _child(root, "vcpu")
    element.text = str(vcpus)
    # They speak of single vCPUs, of which there are others now.
    element.attrib.pop("current", None)
    for single in root.findall("vcpus"):
        root.remove(single)
    numbers = {"sockets": str(sockets), "cores": str(cores), "threads": str(threads)}
    _topology(root).attrib = numbers
    return render(root)


def parse_topology(text: str) -> tuple[int, int, int]:
    """Return `sockets,cores,threads` as numbers; raises `Invalid`."""
    parts = text.replace("/", ",").split(",")
    if len(parts) != 3 or not all(re.fullmatch(r"[0-9]{1,4}", part.strip()) for part in parts):
        raise Invalid(f"{text!r} is no topology: say sockets,cores,threads", topology=text)
    sockets, cores, threads = map(int, parts)
    return sockets, cores, threads


def _topology(root: Element) -> Element:
    cpu = _child(root, "cpu")
    found = cpu.find("topology")
    return ElementTree.SubElement(cpu, "topology") if found is None else found


def _check_limit(root: Element, memory_mb: int) -> None:
    limit = root.find("maxMemory")
    if limit is None:
        return
    size = memory_bytes(limit.text or "", limit.get("unit", "KiB"))
    if size is not None and memory_mb > as_mb(size):
        raise Invalid(
            f"{memory_mb} MiB is more than the <maxMemory> of the definition, {as_mb(size)} MiB",
            memory_mb=memory_mb,
        )


def _renamed_file(path: str, old: str, new: str) -> str:
    """A file named `old`, `old.log` or `old-console.log` is the VM's own; any other is left."""
    folder, slash, file = path.rpartition("/")
    is_own = (
        bool(old) and file.startswith(old) and file[len(old) : len(old) + 1] in ("", ".", "-", "_")
    )
    return f"{folder}{slash}{new}{file[len(old) :]}" if is_own else path


def _child(root: Element, name: str) -> Element:
    """The child of this name, made in its place when it is missing."""
    found = root.find(name)
    if found is not None:
        return found
    before = _BEFORE.get(name, ())
    place = max((i + 1 for i, child in enumerate(root) if child.tag in before), default=0)
    made = Element(name)
    root.insert(place, made)
    return made

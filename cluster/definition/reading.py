"""What a definition says, as far as this program cares; pure.

Two readers of the same text: `read` refuses whatever is wrong and says all of it at once, for
definitions that people send; `examine` never raises, for those that are in the tree already, which
an earlier program may have accepted.
"""

from typing import Final

from cluster.definition import devices
from cluster.definition.document import Element, parse_domain
from cluster.definition.units import (
    as_mb,
    as_uuid,
    is_unit,
    memory_bytes,
    whole_number,
    why_no_name,
)
from cluster.model.definition import Definition
from runtime.errors import Invalid

NO_TOPOLOGY: Final = "N/A"
_TOPOLOGY: Final = ("sockets", "cores", "threads")
_MOST_VCPUS: Final = 4096


def read(xml: str) -> Definition:
    """Return what a definition says; raises `Invalid` naming each element that is wrong and why."""
    faults: list[str] = []
    definition = _read(parse_domain(xml), faults)
    if faults:
        raise Invalid(f"the definition is refused: {'; '.join(faults)}", faults=tuple(faults))
    return definition


def examine(xml: str) -> Definition | None:
    """Return as much as a definition says, None when it is no definition at all."""
    try:
        return _read(parse_domain(xml), [])
    except Invalid:
        return None


def _read(root: Element, faults: list[str]) -> Definition:
    graphics = root.find("devices/graphics[@type='vnc']")
    vcpus = _vcpus(root, faults)
    return Definition(
        name=_name(root, faults),
        uuid=_uuid(root, faults),
        memory_mb=_memory_mb(root, faults),
        vcpus=vcpus,
        topology=_topology(root, vcpus, faults),
        description=_text(root, "description"),
        type=root.get("type", ""),
        arch=devices.attribute(root, "os/type", "arch"),
        machine=devices.attribute(root, "os/type", "machine"),
        emulator=_text(root, "devices/emulator"),
        console=_console(root),
        console_log=_console_log(root),
        vnc_listen=None if graphics is None else _vnc_listen(graphics),
        vnc_port=None if graphics is None else graphics.get("port"),
        features=tuple(e.tag for e in root.findall("features/*") if isinstance(e.tag, str)),
        disks=devices.disks(root, faults),
        nics=devices.nics(root, faults),
        controllers=devices.controllers(root),
    )


def _name(root: Element, faults: list[str]) -> str:
    name = _text(root, "name")
    if trouble := why_no_name(name):
        faults.append(f"<name>: {trouble}" if name else "<name>: it is missing")
    return name


def _uuid(root: Element, faults: list[str]) -> str:
    text = _text(root, "uuid")
    uuid = as_uuid(text)
    if uuid is None:
        faults.append(f"<uuid>: {text[:80]!r} is no UUID" if text else "<uuid>: it is missing")
    return uuid or text


def _memory_mb(root: Element, faults: list[str]) -> int:
    element = root.find("memory")
    if element is None:
        faults.append("<memory>: it is missing")
        return 0
    text, unit = (element.text or "").strip(), element.get("unit", "KiB")
    size = memory_bytes(text, unit)
    if not is_unit(unit):
        faults.append(f"<memory>: {unit[:80]!r} is no unit of memory")
    elif size is None:
        faults.append(f"<memory>: {text[:80]!r} is no whole number above 0")
    elif as_mb(size) < 1:
        faults.append(f"<memory>: {text} {unit} is less than 1 MiB")
    return as_mb(size or 0)


def _vcpus(root: Element, faults: list[str]) -> int:
    text = _text(root, "vcpu") or "1"
    number = whole_number(text)
    if number is None or not 1 <= number <= _MOST_VCPUS:
        faults.append(f"<vcpu>: {text[:80]!r} is no whole number from 1 to {_MOST_VCPUS}")
    return number or 0


def _topology(root: Element, vcpus: int, faults: list[str]) -> str:
    element = root.find("cpu/topology")
    if element is None:
        return NO_TOPOLOGY
    numbers = [whole_number(element.get(name, "1")) or 0 for name in _TOPOLOGY]
    shown = "/".join(map(str, numbers))
    sockets, cores, threads = numbers
    dies = whole_number(element.get("dies", "1")) or 0
    if sockets * dies * cores * threads != vcpus:
        faults.append(f"<topology>: {shown} (sockets/cores/threads) does not make {vcpus} vCPUs")
    return shown


def _console(root: Element) -> str:
    for path in ("devices/console", "devices/serial"):
        if (element := root.find(path)) is not None:
            return element.get("type", "")
    return ""


def _console_log(root: Element) -> str:
    for path in ("devices/serial/log", "devices/console/log"):
        if (element := root.find(path)) is not None:
            return element.get("file", "")
    return ""


def _vnc_listen(graphics: Element) -> str | None:
    return graphics.get("listen") or devices.attribute(graphics, "listen", "address") or None


def _text(root: Element, path: str) -> str:
    return (root.findtext(path) or "").strip()

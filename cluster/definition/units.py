"""Numbers and names in definitions as libvirt writes them; pure."""

import re
from typing import Final
from uuid import UUID

_MIB: Final = 1024 * 1024
_UNITS: Final = {
    "b": 1,
    "bytes": 1,
    "KB": 1000,
    "k": 1024,
    "KiB": 1024,
    "MB": 1000**2,
    "M": _MIB,
    "MiB": _MIB,
    "GB": 1000**3,
    "G": 1024**3,
    "GiB": 1024**3,
    "TB": 1000**4,
    "T": 1024**4,
    "TiB": 1024**4,
}
_NAME: Final = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9._-]{0,62}")
_NUMBER: Final = re.compile(r"[0-9]{1,15}")
_MAC: Final = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}")


def why_no_name(name: str) -> str:
    """Return why a text cannot be the name of a VM; empty when it can."""
    if _NAME.fullmatch(name):
        return ""
    return (
        f"{name[:80]!r} cannot be the name of a VM: it takes 1 to 63 letters, digits, '.', '_' and "
        "'-', the first a letter or digit"
    )


def whole_number(text: str) -> int | None:
    """Return a whole number that is not negative, None for any other text."""
    text = text.strip()
    return int(text) if _NUMBER.fullmatch(text) else None


def memory_bytes(text: str, unit: str) -> int | None:
    """Return an amount of memory, None when the number or the unit is none."""
    number, factor = whole_number(text), _UNITS.get(unit)
    return None if number is None or factor is None else number * factor


def as_mb(size_bytes: int) -> int:
    """Return MiB, rounded down."""
    return size_bytes // _MIB


def is_unit(unit: str) -> bool:
    """Whether libvirt knows this unit of memory."""
    return unit in _UNITS


def as_uuid(text: str) -> str | None:
    """Return a UUID as it is always written, None when it is none."""
    try:
        return str(UUID(text.strip()))
    except ValueError:
        return None


def as_mac(text: str) -> str | None:
    """Return a MAC address as it is always written, None when no interface can have it."""
    mac = text.strip().lower()
    return mac if _MAC.fullmatch(mac) and not int(mac[:2], 16) & 1 else None

"""What a value in a configuration file may be: each kind reads one value or says why it is unfit.

Invariant: `read` returns a value of its type or raises `Unfit`, whatever YAML may hold.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import AddressValueError, IPv4Address, IPv4Interface, IPv4Network, NetmaskValueError
from pathlib import Path
from typing import Generic, TypeVar

T = TypeVar("T")
E = TypeVar("E", bound=StrEnum)

_WORDS = {
    **dict.fromkeys(("true", "yes", "on"), True),
    **dict.fromkeys(("false", "no", "off"), False),
}
_SHORT_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?", re.ASCII)
_DOMAIN = re.compile(rf"{_SHORT_NAME.pattern}(\.{_SHORT_NAME.pattern})*\.?", re.ASCII)
_WHOLE_NUMBER = re.compile(r"-?[0-9]{1,18}", re.ASCII)


class Unfit(ValueError):
    """The value is not of the kind; its text completes the sentence '<value> …'."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind(Generic[T]):
    """One kind of value."""

    expected: str
    """As people read it in faults and in the reference: 'seconds > 0'."""
    read: Callable[[object], T]
    is_secret: bool = False
    """Its values appear in no message."""


def _text(value: object) -> str:
    if isinstance(value, bool | int | float):
        # YAML has read it already and may have changed it (0123 is 83): the text is lost.
        raise Unfit("is not a text; put it in quotes")
    if not isinstance(value, str):
        raise Unfit("is not a text")
    if any(ord(c) < 32 or ord(c) == 127 or 0xD800 <= ord(c) < 0xE000 for c in value):
        raise Unfit("holds control characters")
    return value


def _filled(value: object) -> str:
    text = _text(value).strip()
    if not text:
        raise Unfit("is empty")
    return text


def _boolean(value: object) -> bool:
    if isinstance(value, bool):
        return value
    word = _WORDS.get(value.lower()) if isinstance(value, str) else None
    if word is None:
        raise Unfit("is neither true nor false")
    return word


def _short_name(value: object) -> str:
    text = _filled(value)
    if not _SHORT_NAME.fullmatch(text):
        raise Unfit("is not a short host name")
    return text


def _host(value: object) -> str:
    text = _filled(value)
    if not _DOMAIN.fullmatch(text):
        raise Unfit("is neither a host name nor an IPv4 address")
    return text


def _domain(value: object) -> str:
    text = _filled(value)
    if not _DOMAIN.fullmatch(text):
        raise Unfit("is not a domain name")
    return text


def _network(value: object) -> IPv4Network:
    text = _filled(value)
    try:
        network = IPv4Network(text)
    except (AddressValueError, NetmaskValueError) as error:
        raise Unfit("is not an IPv4 network") from error
    except ValueError as error:
        raise Unfit(f"has host bits set; the network is {IPv4Network(text, False)}") from error
    if "/" not in text or network.prefixlen > 30:
        raise Unfit("leaves no room for hosts")
    return network


def _interface(value: object) -> IPv4Interface:
    try:
        return IPv4Interface(_filled(value))
    except ValueError as error:
        raise (error if isinstance(error, Unfit) else Unfit("is not an IPv4 address")) from error


def _address(value: object) -> IPv4Address:
    try:
        return IPv4Address(_filled(value))
    except ValueError as error:
        raise (error if isinstance(error, Unfit) else Unfit("is not an IPv4 address")) from error


def _absolute_path(value: object) -> Path:
    text = _filled(value)
    if not text.startswith("/"):
        raise Unfit("is not an absolute path")
    return Path(text)


TEXT = Kind(expected="text", read=_text)
FILLED_TEXT = Kind(expected="text, not empty", read=_filled)
SECRET = Kind(expected="text, not empty", read=_filled, is_secret=True)
IDLE_SECRET = Kind(expected="text", read=_text, is_secret=True)
"""Of a part this version does not have: an empty one harms nobody."""
BOOLEAN = Kind(expected="true or false", read=_boolean)
SHORT_NAME = Kind(expected="short host name such as hv1", read=_short_name)
HOST = Kind(expected="host name or IPv4 address", read=_host)
DOMAIN = Kind(expected="domain name", read=_domain)
NETWORK = Kind(expected="IPv4 network such as 10.0.0.0/24", read=_network)
INTERFACE = Kind(expected="IPv4 address such as 10.0.0.250/24", read=_interface)
ADDRESS = Kind(expected="IPv4 address such as 10.0.0.1", read=_address)
PATH = Kind(expected="absolute path", read=_absolute_path)


def integer(low: int, high: int) -> Kind[int]:
    """Return the kind of whole numbers from `low` to `high`."""

    def read(value: object) -> int:
        if isinstance(value, str) and _WHOLE_NUMBER.fullmatch(value.strip()):
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int):
            raise Unfit("is not a whole number")
        if not low <= value <= high:
            raise Unfit("is out of range")
        return value

    return Kind(expected=f"whole number from {low} to {high}", read=read)


PORT = integer(1, 65535)


def seconds(high: float) -> Kind[float]:
    """Return the kind of durations above 0 and up to `high`."""

    def read(value: object) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise Unfit("is not a number")
        if not 0 < value <= high:  # false for nan too
            raise Unfit("is out of range")
        return float(value)

    return Kind(expected=f"seconds > 0, at most {high:g}", read=read)


def choice(kind: type[E]) -> Kind[E]:
    """Return the kind of one of the values of a closed set, in any case of letters."""
    by_text = {member.value.lower(): member for member in kind}
    return Kind(
        expected="one of " + ", ".join(member.value for member in kind),
        read=lambda value: _chosen(by_text, value),
    )


def _chosen(by_text: dict[str, E], value: object) -> E:
    found = by_text.get(_filled(value).lower())
    if found is None:
        raise Unfit("is not one of the choices")
    return found


def several(kind: Kind[T]) -> Kind[tuple[T, ...]]:
    """Return the kind of lists of `kind` without repetition."""

    def read(value: object) -> tuple[T, ...]:
        if not isinstance(value, Sequence) or isinstance(value, str | bytes):
            raise Unfit("is not a list")
        items = tuple(_item(kind, number, item) for number, item in enumerate(value, 1))
        if len(set(items)) != len(items):
            raise Unfit("names one entry twice")
        return items

    return Kind(expected=f"list: {kind.expected}", read=read, is_secret=kind.is_secret)


def _item(kind: Kind[T], number: int, value: object) -> T:
    try:
        return kind.read(value)
    except Unfit as unfit:
        raise Unfit(f"in entry {number} {unfit}") from unfit

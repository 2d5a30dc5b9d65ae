"""Values of keys to and from bytes; pure.

Invariant: reading never raises, whatever the key holds: people and other programs write to the tree
too. What cannot be read is None, and `is_broken` tells it apart from what is not there.
"""

import json
import math
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final, TypeVar

from cluster.schema.key import Form, Key

_E = TypeVar("_E", bound=StrEnum)
_FLAGS: Final = {"true": True, "false": False}
_UNSET: Final = frozenset({"", "None"})
"""Texts by which the earlier layouts say that there is no value."""


def read_text(data: bytes | None) -> str:
    """Return the text of a value; what is no UTF-8 is replaced, nothing is empty."""
    return "" if data is None else data.decode("utf-8", "replace")


def read_integer(data: bytes | None) -> int | None:
    """Return a whole number, None when there is none."""
    try:
        return int(read_text(data))
    except ValueError:
        return None


def read_number(data: bytes | None) -> float | None:
    """Return a finite number, None when there is none."""
    return _finite(read_text(data))


def read_flag(data: bytes | None) -> bool | None:
    """Return what the text True or False says, None for any other."""
    return _FLAGS.get(read_text(data).lower())


def read_enum(kind: type[_E], data: bytes | None) -> _E | None:
    """Return the member of a closed set, None for a word that is not in it."""
    return as_enum(kind, read_text(data))


def read_json(data: bytes | None) -> Any:
    """Return a JSON value, None when there is none."""
    if not data:
        return None
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None


def read_object(data: bytes | None) -> Mapping[str, Any] | None:
    """Return a JSON object, None when the value is anything else."""
    value = read_json(data)
    return value if isinstance(value, dict) else None


def read_value(key: Key, data: bytes | None) -> object:
    """Return what a key holds, as its form says; None when there is nothing or it is broken."""
    if data is None:
        return None
    match key.form:
        case Form.TEXT:
            return read_text(data)
        case Form.INTEGER:
            return read_integer(data)
        case Form.NUMBER:
            return read_number(data)
        case Form.FLAG:
            return read_flag(data)
        case Form.JSON:
            return read_json(data)
        case Form.EMPTY:
            return None


def is_broken(key: Key, data: bytes | None) -> bool:
    """Return whether a key holds something that its form does not allow."""
    if data is None or key.form is Form.EMPTY or read_text(data) in _UNSET:
        return False
    if key.form is Form.TEXT:
        return not _is_utf8(data)
    return read_value(key, data) is None


def as_text(value: object) -> str:
    """Return a text out of JSON, empty for anything else."""
    return value if isinstance(value, str) else ""


def as_integer(value: object) -> int:
    """Return a whole number out of JSON, 0 for anything else."""
    number = as_number(value)
    return int(number)


def as_number(value: object) -> float:
    """Return a finite number out of JSON, 0 for anything else."""
    return as_number_or_none(value) or 0.0


def as_number_or_none(value: object) -> float | None:
    """Return a finite number out of JSON, None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return _finite(value)


def as_flag(value: object) -> bool:
    """Return a truth value out of JSON, False for anything else."""
    return value is True


def as_object(value: object) -> Mapping[str, Any]:
    """Return an object out of JSON, an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def as_enum(kind: type[_E], value: object) -> _E | None:
    """Return the member of a closed set, None for anything that is not in it."""
    if not isinstance(value, str):
        return None
    try:
        return kind(value)
    except ValueError:
        return None


def to_data(value: object) -> bytes:
    """Return how a text, a number or a flag is written."""
    return str(value).encode("utf-8", "replace")


def to_json(value: object) -> bytes:
    """Return how JSON is written: compact, the same bytes for the same value."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=True).encode()


def _finite(value: str | float) -> float | None:
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True

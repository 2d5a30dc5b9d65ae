"""Our frozen dataclasses to and from plain JSON values, by their annotations.

Serves data that this program wrote itself (orders to a worker); what people write is read by
`runtime/config/reader.py`, which explains each fault.
"""

import dataclasses
import types
import typing
from collections.abc import Mapping
from enum import Enum
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from typing import Any, TypeVar

from runtime.errors import Invalid

_T = TypeVar("_T")
_AS_TEXT = (IPv4Address, IPv4Network, Path)


def to_plain(value: object) -> Any:
    """Return dictionaries, lists, texts and numbers that say the same."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: to_plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): to_plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [to_plain(item) for item in value]
    if isinstance(value, Enum):
        return value.value
    return str(value) if isinstance(value, _AS_TEXT) else value


def from_plain(kind: type[_T], plain: object) -> _T:
    """Return the `kind` that `to_plain` turned into `plain`; raises `Invalid`."""
    try:
        return typing.cast(_T, _read(kind, plain))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise Invalid(f"not a {kind.__name__}: {error!r}", kind=kind.__name__) from error


def _read(kind: Any, plain: Any) -> Any:
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        hints = typing.get_type_hints(kind)
        known = {f.name for f in dataclasses.fields(kind)}
        return kind(**{k: _read(hints[k], v) for k, v in plain.items() if k in known})
    origin = typing.get_origin(kind)
    if origin in (typing.Union, types.UnionType):
        return _read_optional(kind, plain)
    if origin is tuple:
        return tuple(_read(typing.get_args(kind)[0], item) for item in plain)
    if origin is dict:
        return {key: _read(typing.get_args(kind)[1], item) for key, item in plain.items()}
    if isinstance(kind, type) and (issubclass(kind, Enum) or kind in _AS_TEXT):
        return kind(plain)
    if kind is float and isinstance(plain, int):
        return float(plain)
    if isinstance(kind, type) and not isinstance(plain, kind):
        raise TypeError(f"{plain!r} is no {kind.__name__}")
    return plain


def _read_optional(kind: Any, plain: Any) -> Any:
    if plain is None:
        return None
    (inner,) = (k for k in typing.get_args(kind) if k is not type(None))
    return _read(inner, plain)

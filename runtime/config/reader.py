"""What stands in a file against the declared keys: typed values, and every fault with its path.

Invariant: never raises on anything YAML can hold; a key is either read, or in the faults, or
absent with its default. Nothing is ignored silently.
"""

import difflib
import reprlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from runtime.config.key import Key, Required, Values
from runtime.config.kinds import Kind, Unfit

_SHORT = reprlib.Repr()
_SHORT.maxstring = _SHORT.maxother = 60
_SHORT.maxlevel = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a file says."""

    values: Values
    faults: tuple[str, ...]
    idle: tuple[tuple[str, str], ...]
    """Keys that are accepted without effect: reason and path."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What is accepted without effect, a line for each reason."""
        reasons = dict.fromkeys(reason for reason, _ in self.idle)
        return tuple(
            f"accepted, has no effect in this version ({reason}): "
            + ", ".join(path for why, path in self.idle if why == reason)
            for reason in reasons
        )


def read_document(document: object, keys: Sequence[Key[Any]], top: str = "pvc") -> Reading:
    """Read a whole file, whose one top key is `top`."""
    if not isinstance(document, Mapping):
        return _nothing(f"{top}: is missing (the file must be a map with this one key)")
    strangers = tuple(
        _unknown("", name if isinstance(name, str) else shown(name), (top,), ())
        for name in document
        if name != top
    )
    tree = document.get(top)
    if tree is None and top not in document:
        return _nothing(f"{top}: is missing (the file must be a map with this one key)", *strangers)
    if not isinstance(tree, Mapping):
        return _nothing(f"{top}: {shown(tree)} is not a section", *strangers)
    reading = read_section(tree, keys, top)
    return Reading(values=reading.values, faults=strangers + reading.faults, idle=reading.idle)


def read_section(tree: Mapping[Any, Any], keys: Sequence[Key[Any]], where: str) -> Reading:
    """Read one section; `where` is its path, for the faults."""
    given: dict[str, object] = {}
    faults = _collect(tree, "", where, {key.path: key for key in keys}, given)
    values: dict[str, object] = {}
    idle: list[tuple[str, str]] = []
    for key in keys:
        path = f"{where}.{key.path}"
        if key.path in given:
            _read_given(key, path, given[key.path], values, faults, idle)
            if reason := _idle(key, values):
                idle.append((reason, path))
        elif not isinstance(key.default, Required):
            if key.default is not None:
                values[key.path] = key.default
        elif not key.only_with or values.get(key.only_with) is not False:
            faults.append(f"{path}: is missing (expected {key.kind.expected})")
    return Reading(values=Values(values), faults=tuple(faults), idle=tuple(idle))


def shown(value: object, *, is_secret: bool = False) -> str:
    """Return a value as it stands in a fault: short, and never a secret."""
    if is_secret:
        return "the value"
    try:
        return _SHORT.repr(value)
    except ValueError:  # a number of thousands of digits has no repr
        return f"a {type(value).__name__}"


def _collect(
    tree: Mapping[Any, Any],
    prefix: str,
    where: str,
    by_path: Mapping[str, Key[Any]],
    given: dict[str, object],
) -> list[str]:
    """Put the raw values of declared keys into `given`; return faults for everything else."""
    faults: list[str] = []
    for raw_name, value in tree.items():
        name = raw_name if isinstance(raw_name, str) else shown(raw_name)
        path = f"{prefix}{name}"
        if path in by_path:
            if value is not None:
                given[path] = value
        elif not any(known.startswith(f"{path}.") for known in by_path):
            faults.append(_unknown(f"{where}.{prefix}", name, _siblings(prefix, by_path), by_path))
        elif isinstance(value, Mapping):
            faults += _collect(value, f"{path}.", where, by_path, given)
        elif value is not None:
            faults.append(f"{where}.{path}: {shown(value)} is not a section")
    return faults


def _siblings(prefix: str, by_path: Mapping[str, Key[Any]]) -> tuple[str, ...]:
    below = (path[len(prefix) :] for path in by_path if path.startswith(prefix))
    return tuple(dict.fromkeys(path.split(".")[0] for path in below))


def _unknown(prefix: str, name: str, siblings: Sequence[str], elsewhere: Iterable[str]) -> str:
    printable = name if name.isprintable() and len(name) <= 60 else shown(name)
    fault = f"{prefix}{printable}: unknown key"
    if close := difflib.get_close_matches(name[:60], siblings, n=1):
        return f"{fault} (did you mean {close[0]!r}?)"
    if moved := [path for path in elsewhere if path.rsplit(".", 1)[-1] == name]:
        return f"{fault} (did you mean '{moved[0]}'?)"
    return f"{fault} (known here: {', '.join(siblings)})"


def _read_given(
    key: Key[Any],
    path: str,
    value: object,
    values: dict[str, object],
    faults: list[str],
    idle: list[tuple[str, str]],
) -> None:
    if key.columns and isinstance(value, list) and all(isinstance(x, Mapping) for x in value):
        readings = [
            read_section(row, key.columns, f"{path}[{number}]") for number, row in enumerate(value)
        ]
        for reading in readings:
            faults += reading.faults
            idle += reading.idle
        if not any(reading.faults for reading in readings):
            values[key.path] = tuple(reading.values for reading in readings)
        return
    try:
        values[key.path] = key.kind.read(value)
    except Unfit as unfit:
        faults.append(_fault(path, value, unfit, key.kind))


def _fault(path: str, value: object, unfit: Unfit, kind: Kind[Any]) -> str:
    return f"{path}: {shown(value, is_secret=kind.is_secret)} {unfit} (expected {kind.expected})"


def _idle(key: Key[Any], values: Mapping[str, object]) -> str:
    if key.only_with and values.get(key.only_with) is False:
        return f"{key.only_with} is off"
    return key.idle


def _nothing(fault: str, *others: str) -> Reading:
    return Reading(values=Values({}), faults=(*others, fault), idle=())

"""A declared key of a configuration file, and the values read for such keys.

What is declared here is what the reader accepts and what docs/config.md says: the two cannot drift.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar, cast

from runtime.config.kinds import Kind, Unfit

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Required:
    """Stands for the default of a key that has none."""


REQUIRED = Required()


@dataclass(frozen=True, slots=True, kw_only=True)
class Key(Generic[T]):
    """One key."""

    path: str
    """Below the file's top key, with dots."""
    kind: Kind[T]
    default: T | Required | None = None
    about: str
    idle: str = ""
    """Why it has no effect in this version; empty when it has one."""
    only_with: str = ""
    """Path of the boolean key without which it is not read."""
    columns: "tuple[Key[Any], ...]" = field(default=())
    """For a list of maps: the keys of each."""


class Values:
    """What was read, by key; faulty and missing keys without a default are absent."""

    def __init__(self, values: Mapping[str, object]) -> None:
        self._values = values

    def __getitem__(self, key: Key[T]) -> T:
        """Return the value of a key that is required or has a default."""
        return cast(T, self._values[key.path])

    def get(self, key: Key[T]) -> T | None:
        """Return the value, or None when there is none or it was faulty."""
        return cast("T | None", self._values.get(key.path))


def rows(
    path: str, columns: tuple[Key[Any], ...], about: str, *, idle: str = "", only_with: str = ""
) -> Key[tuple[Values, ...]]:
    """Return a key whose value is a list of maps with `columns`."""
    names = ", ".join(column.path for column in columns)
    return Key(
        path=path,
        kind=Kind(expected=f"list of maps with {names}", read=_refuse),
        default=(),
        about=about,
        idle=idle,
        only_with=only_with,
        columns=columns,
    )


def _refuse(_: object) -> tuple[Values, ...]:
    raise Unfit("is not a list of maps")

"""What an endpoint may be told: one parameter, as data.

From the same data arguments are read and the OpenAPI document is written, so the two agree.
"""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What the text on the wire stands for."""

    TEXT = "string"
    INTEGER = "integer"
    FLAG = "boolean"


class Place(StrEnum):
    """Where a parameter may stand."""

    PATH = "path"
    ANYWHERE = "args"
    """In the query or in the form; both are merged."""
    FORM = "form"
    """In the form only: what must not stand in a log of addresses."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One parameter of an endpoint."""

    name: str
    about: str
    kind: Kind = Kind.TEXT
    place: Place = Place.ANYWHERE
    is_required: bool = False
    is_repeated: bool = False
    """Whether it may be given several times; its argument is then a list."""
    choices: tuple[str, ...] = ()
    default: str | int | None = None
    minimum: int | None = None
    maximum: int | None = None

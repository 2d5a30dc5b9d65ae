"""Reads what a request says into arguments; pure.

Every parameter is text on the wire, from the query or the form. Whatever cannot be accepted is
reported for all parameters at once, each under its name, as `BadArguments`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from api.v1.parameter import Kind, Parameter, Place
from runtime.errors import Invalid

TRUE_WORDS: Final = frozenset({"y", "yes", "t", "true", "on", "1"})
"""What counts as true in any case; everything else is false."""

Pairs = Iterable[tuple[str, str]]
Argument = str | int | bool | tuple[str, ...] | None


class BadArguments(Invalid):
    """Some parameters cannot be accepted; `faults` says which and why."""

    code = "bad_arguments"

    def __init__(self, faults: Mapping[str, str]) -> None:
        super().__init__("; ".join(f"{name}: {text}" for name, text in faults.items()))
        self.faults = dict(faults)


@dataclass(frozen=True, slots=True)
class Arguments:
    """The arguments of one call, by parameter name; asking for an undeclared one is our bug."""

    values: Mapping[str, Argument] = field(default_factory=dict)

    def text(self, name: str) -> str | None:
        """Return a text, None when it was not given."""
        value = self.values[name]
        if value is None or isinstance(value, str):
            return value
        raise TypeError(f"{name} is no text")

    def required(self, name: str) -> str:
        """Return a text that every call of this endpoint has."""
        value = self.values[name]
        if isinstance(value, str):
            return value
        raise TypeError(f"{name} is no required text")

    def integer(self, name: str) -> int | None:
        """Return a number, None when it was not given."""
        value = self.values[name]
        if value is None or (isinstance(value, int) and not isinstance(value, bool)):
            return value
        raise TypeError(f"{name} is no number")

    def flag(self, name: str) -> bool:
        """Return a flag; what was not given is false."""
        value = self.values[name]
        if value is None or isinstance(value, bool):
            return bool(value)
        raise TypeError(f"{name} is no flag")

    def flag_or_none(self, name: str) -> bool | None:
        """Return a flag, None when it was not given."""
        return None if self.values[name] is None else self.flag(name)

    def texts(self, name: str) -> tuple[str, ...]:
        """Return every value of a parameter that may be repeated."""
        value = self.values[name]
        if value is None or isinstance(value, tuple):
            return value or ()
        raise TypeError(f"{name} is no list")


def read_arguments(
    parameters: Sequence[Parameter], *, path: Mapping[str, str], query: Pairs, form: Pairs
) -> Arguments:
    """Return the arguments of a call; raises `BadArguments` naming every fault."""
    queried, formed = list(query), list(form)
    values: dict[str, Argument] = {}
    faults: dict[str, str] = {}
    for parameter in parameters:
        given = _given(parameter, path, queried, formed)
        try:
            values[parameter.name] = _read(parameter, given)
        except ValueError as error:
            faults[parameter.name] = str(error)
    if faults:
        raise BadArguments(faults)
    return Arguments(values)


def _given(
    parameter: Parameter,
    path: Mapping[str, str],
    query: list[tuple[str, str]],
    form: list[tuple[str, str]],
) -> list[str]:
    if parameter.place is Place.PATH:
        return [path[parameter.name]]
    pairs = form if parameter.place is Place.FORM else query + form
    return [value for name, value in pairs if name == parameter.name]


def _read(parameter: Parameter, given: list[str]) -> Argument:
    if not given:
        if parameter.is_required:
            raise ValueError("This parameter is required.")
        return parameter.default
    if any("\0" in text for text in given):
        raise ValueError("A value may not hold a zero byte.")
    if parameter.is_repeated:
        return tuple(_chosen(parameter, text) for text in given)
    if len(set(given)) > 1:
        raise ValueError("This parameter may be given only once.")
    text = _chosen(parameter, given[0])
    if parameter.is_required and not text:
        raise ValueError("This parameter may not be empty.")
    match parameter.kind:
        case Kind.TEXT:
            return text
        case Kind.INTEGER:
            return _number(parameter, text)
        case Kind.FLAG:
            return text.strip().lower() in TRUE_WORDS


def _chosen(parameter: Parameter, text: str) -> str:
    if not parameter.choices:
        return text
    wanted = text.lower() if parameter.kind is Kind.FLAG else text
    if wanted not in parameter.choices:
        raise ValueError(f"Must be one of: {', '.join(parameter.choices)}.")
    return wanted


def _number(parameter: Parameter, text: str) -> int:
    digits = text.strip()
    if not digits.removeprefix("-").isdecimal() or not digits.isascii() or len(digits) > 18:
        raise ValueError("Must be a whole number.")
    number = int(digits)
    if parameter.minimum is not None and number < parameter.minimum:
        raise ValueError(f"Must be {parameter.minimum} or more.")
    if parameter.maximum is not None and number > parameter.maximum:
        raise ValueError(f"Must be {parameter.maximum} or less.")
    return number

"""What every list can be asked for: an order, a page of it, some fields; pure.

How many there are altogether is told in the header `X-PVC-Total`, so the body keeps its form.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Final, TypeVar

from api.v1.arguments import Arguments, BadArguments
from api.v1.parameter import Kind, Parameter
from runtime.errors import NotFound

TOTAL_HEADER: Final = "X-PVC-Total"
_PAGE_SIZE: Final = 100
_LARGEST_PAGE: Final = 10_000

_T = TypeVar("_T")
Keys = Mapping[str, Callable[[_T], Any]]


def listing_parameters(keys: Collection[str], fields: Collection[str]) -> tuple[Parameter, ...]:
    """Return the parameters of a list that can be sorted by these keys."""
    return (
        Parameter(
            name="sort",
            about="What to sort by; with a minus sign before it the other way round.",
            choices=tuple(sign + key for key in keys for sign in ("", "-")),
        ),
        Parameter(
            name="page",
            about=f"Which page, from 1 on; how many there are in all is in `{TOTAL_HEADER}`.",
            kind=Kind.INTEGER,
            minimum=1,
        ),
        Parameter(
            name="page_size",
            about=f"How many on a page; {_PAGE_SIZE} if only `page` is given, all if neither is.",
            kind=Kind.INTEGER,
            minimum=1,
            maximum=_LARGEST_PAGE,
        ),
        fields_parameter(fields),
    )


def fields_parameter(fields: Collection[str]) -> Parameter:
    """Return the parameter that names the fields of interest."""
    return Parameter(
        name="fields",
        about=f"Only these fields, separated by commas, of: {', '.join(fields)}.",
    )


def page_of(
    arguments: Arguments, found: Sequence[_T], keys: Keys[_T], what: str
) -> tuple[Sequence[_T], tuple[tuple[str, str], ...]]:
    """Return what of the list was asked for, in order, and the headers; raises `NotFound` naming
    `what` when that is nothing. `found` comes in its natural order, which equal keys keep."""
    if not found:
        raise NotFound(f"No {what} found.")
    if sort := arguments.text("sort"):
        key = keys[sort.removeprefix("-")]
        found = sorted(found, key=key, reverse=sort.startswith("-"))
    page, size = arguments.integer("page"), arguments.integer("page_size")
    headers = ((TOTAL_HEADER, str(len(found))),)
    if page is None and size is None:
        return found, headers
    size = size or _PAGE_SIZE
    start = ((page or 1) - 1) * size
    if start >= len(found):
        raise NotFound(f"No {what} found on page {page}: there are {len(found)} in all.")
    return found[start : start + size], headers


def fields_of(arguments: Arguments, known: Collection[str]) -> tuple[str, ...] | None:
    """Return the fields that were asked for, None for all; raises `BadArguments`."""
    text = arguments.text("fields")
    if not text:
        return None
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    if unknown := [name for name in names if name not in known]:
        what = f"No such field: {', '.join(unknown)}. There are: {', '.join(known)}."
        raise BadArguments({"fields": what})
    return names

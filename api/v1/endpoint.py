"""One endpoint, as data: routing, arguments, access and the OpenAPI document follow from it.

Adding an endpoint is one function with the `endpoint` decorator in a `routes_*` module; nothing
else has to be told about it.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from api.access import Access
from api.identity import Identity
from api.services import Services
from api.v1.arguments import Arguments
from api.v1.parameter import Kind, Parameter, Place

PREFIX: Final = "/api/v1"
_ELEMENT: Final = re.compile(r"<(\w+)>")


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request, understood."""

    arguments: Arguments
    services: Services
    identity: Identity
    is_https: bool = False
    """Whether the client speaks TLS with us or with the proxy in front."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back: `body` becomes JSON unless it is bytes, or pieces, of `content_type`."""

    body: Any = None
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    content_type: str = "application/json"
    wait: "Wait | None" = None
    """What has to come true before the answer; the rest of this is then not used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """A call whose answer takes time. It holds no thread meanwhile."""

    outcome: Callable[[], Answer | None]
    """Look at the mirror: the answer once it is known. May raise what a handler may, and is called
    after each change, so it must cost next to nothing."""
    seconds: float
    """For how long at most."""
    what: str
    """What is waited for, as in `vm1 to be off`."""


Handler = Callable[[Call], Answer]


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One path and method."""

    method: str
    path: str
    """Below the prefix, elements as `<name>`."""
    group: str
    summary: str
    handler: Handler
    access: Access
    answer: str
    """Name of the schema of a good answer; `[name]` is a list of them."""
    parameters: tuple[Parameter, ...] = ()
    codes: Mapping[int, str] = field(default_factory=dict)
    """Further codes and when they come, besides those every endpoint has."""
    good: int = 200
    """The code of a good answer."""
    needs_tree: bool = True
    """Whether it reads the mirror, and so cannot be answered before that is loaded."""

    @property
    def operation(self) -> str:
        """A name for clients made from the OpenAPI document."""
        return self.handler.__name__


ENDPOINTS: Final[list[Endpoint]] = []
"""The table; filled as the `routes_*` modules are imported."""


def endpoint(
    method: str,
    path: str,
    *parameters: Parameter,
    group: str,
    access: Access,
    answer: str,
    codes: Mapping[int, str] | None = None,
    good: int = 200,
    needs_tree: bool = True,
) -> Callable[[Handler], Handler]:
    """Put the decorated handler into the table; the first line of its docstring is the summary."""

    def register(handler: Handler) -> Handler:
        ENDPOINTS.append(
            Endpoint(
                method=method,
                path=path,
                group=group,
                summary=(handler.__doc__ or "").strip().splitlines()[0],
                handler=handler,
                access=access,
                answer=answer,
                parameters=(*_path_parameters(path, parameters), *parameters),
                codes=dict(codes or {}),
                good=good,
                needs_tree=needs_tree,
            )
        )
        return handler

    return register


def _path_parameters(path: str, described: tuple[Parameter, ...]) -> tuple[Parameter, ...]:
    known = {parameter.name for parameter in described}
    return tuple(
        Parameter(
            name=name,
            about=f"Which {name.replace('_', ' ')}.",
            kind=Kind.TEXT,
            place=Place.PATH,
            is_required=True,
        )
        for name in _ELEMENT.findall(path)
        if name not in known
    )

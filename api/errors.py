"""Which HTTP status an error gets and what its body says; nowhere else.

Every body is a JSON object with `message`, because clients read nothing else.
"""

from typing import Any, Final

from api.authentication import Forbidden, Unauthenticated
from api.v1.arguments import BadArguments
from runtime.errors import Conflict, Invalid, NotFound, PvcError, Refused, Unavailable

_STATUS: Final[tuple[tuple[type[PvcError], int], ...]] = (
    (Unauthenticated, 401),
    (Forbidden, 403),
    (NotFound, 404),
    (Conflict, 409),
    (Invalid, 400),
    (Refused, 400),
    (Unavailable, 503),
)

CRASH: Final = {"message": "Internal Server Error"}


def status_of(error: PvcError) -> int:
    """Return the HTTP status of an error; the first class that fits counts."""
    return next((status for kind, status in _STATUS if isinstance(error, kind)), 500)


def body_of(error: PvcError) -> dict[str, Any]:
    """Return the body that explains an error."""
    if isinstance(error, BadArguments):
        return {"message": {name: plain(text) for name, text in error.faults.items()}}
    if status_of(error) == 500:
        return dict(CRASH)
    return {"message": plain(error.message), "code": error.code}


def plain(text: str) -> str:
    """Return a message as the wire has it: without double quotes."""
    return text.replace('"', "'")

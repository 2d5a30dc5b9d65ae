"""One thing out of an answer, which may be the thing itself or a list of one."""

from collections.abc import Mapping
from typing import Any

from runtime.errors import NotFound


def one(body: Any, what: str, name: str) -> Mapping[str, Any]:
    """Return the one element of an answer; raises `NotFound`."""
    found = body[0] if isinstance(body, list) and len(body) == 1 else body
    if not isinstance(found, Mapping):
        raise NotFound(f"there is no {what} '{name}'")
    return found

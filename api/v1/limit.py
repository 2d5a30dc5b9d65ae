"""The `limit` of a list: a regular expression that a name must hold; pure.

Unless anchored with ^ or $ it may begin or end anywhere, so `hv` finds `hv1`. However it is made,
it takes a bounded time (see `api/v1/pattern.py`).
"""

from typing import Final

from api.v1.arguments import BadArguments
from api.v1.pattern import Pattern
from api.v1.pattern_syntax import BadPattern

_LONGEST: Final = 256


class NameFilter:
    """What is searched for in names."""

    def __init__(self, parameter: str, text: str) -> None:
        self._parameter = parameter
        self._pattern = self._checked(text) if text else None

    def search(self, name: str) -> bool:
        """Return whether a name holds it; raises `BadArguments` when that is too much work."""
        if self._pattern is None:
            return True
        try:
            return self._pattern.search(name)
        except BadPattern as error:
            raise self._refusal(error) from error

    def _checked(self, text: str) -> Pattern:
        if len(text) > _LONGEST:
            raise BadArguments({self._parameter: f"At most {_LONGEST} characters."})
        try:
            return Pattern(text)
        except BadPattern as error:
            raise self._refusal(error) from error

    def _refusal(self, error: BadPattern) -> BadArguments:
        return BadArguments({self._parameter: f"Not a regular expression we can use: {error}."})


def name_filter(parameter: str, text: str | None) -> NameFilter:
    """Return what is searched for in a name; raises `BadArguments` naming the parameter."""
    return NameFilter(parameter, text or "")

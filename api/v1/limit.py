"""The `limit` of a list: a regular expression that a name must hold; pure.

Unless anchored with ^ or $ it may begin or end anywhere, so `hv` finds `hv1`.
"""

import re
from typing import Final

from api.v1.arguments import BadArguments

_LONGEST: Final = 256


def name_filter(parameter: str, text: str | None) -> re.Pattern[str]:
    """Return what is searched for in a name; raises `BadArguments` naming the parameter."""
    if len(text or "") > _LONGEST:
        raise BadArguments({parameter: f"At most {_LONGEST} characters."})
    try:
        return re.compile(text or "")
    except (re.error, RecursionError, OverflowError) as error:
        raise BadArguments({parameter: f"Not a regular expression: {error}."}) from error

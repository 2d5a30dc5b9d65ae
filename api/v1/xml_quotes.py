"""A definition as version 1 of the wire has it: without double quotes; pure.

Clients of the earlier implementation get it so, edit it and send it back. Invariant: it says the
same as before, so a value that holds a single quote, or a text with double ones, is escaped.
"""

import re
from typing import Final

_LEFT_ALONE: Final = r"<!--.*?-->|<!\[CDATA\[.*?\]\]>|<\?.*?\?>"
_TAG: Final = r"<[^<>\"']*(?:\"[^\"]*\"[^<>\"']*|'[^']*'[^<>\"']*)*>"
_TOKEN: Final = re.compile(f'(?P<alone>{_LEFT_ALONE})|(?P<tag>{_TAG})|"', re.DOTALL)
_VALUE: Final = re.compile(r"\"([^\"]*)\"|'[^']*'")


def single_quoted(xml: str) -> str:
    """Return XML that is well-formed with its double quotes turned into single ones."""
    return _TOKEN.sub(_token, xml) if '"' in xml else xml


def _token(found: re.Match[str]) -> str:
    if (alone := found["alone"]) is not None:
        return alone
    if (tag := found["tag"]) is not None:
        return _VALUE.sub(_value, tag)
    return "&quot;"


def _value(found: re.Match[str]) -> str:
    text = found[1]
    return found[0] if text is None else "'" + text.replace("'", "&apos;") + "'"

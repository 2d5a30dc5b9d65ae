"""What a guest prints, as text that may be stored and shown; pure.

Invariant: whatever the bytes, the text holds printable characters and tabs only, so it can neither
move a cursor nor break a line.
"""

import re
from typing import Final

_SEQUENCES: Final = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"  # colours, cursor
    r"|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?"  # titles
    r"|\x1b[PX^_][^\x1b]*(?:\x1b\\)?"  # strings for the terminal itself
    r"|\x1b[ -/]*[0-~]"  # single functions
)
_SILENT: Final = str.maketrans("", "", "\0\a\b")
"""Padding, bell and backspace, of which nothing is to be seen."""
_UNREADABLE: Final = "\N{REPLACEMENT CHARACTER}"


def text_of(line: bytes) -> str:
    """Return a line as text, without the sequences that steer a terminal."""
    text = line.rstrip(b"\r").decode("utf-8", "replace")
    if text.isprintable():
        return text
    text = _last_state(_SEQUENCES.sub("", text).translate(_SILENT))
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c == "\t" else _UNREADABLE for c in text)


def _last_state(text: str) -> str:
    """Return what stands in the line in the end: a carriage return begins it anew."""
    if "\r" not in text:
        return text
    states = [state for state in text.split("\r") if state.strip()]
    return states[-1] if states else ""

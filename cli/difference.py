"""What differs between two texts, as people read it; pure."""

from typing import Final

from cli.table import coloured

_COLOUR_OF: Final = (("+++", "bold"), ("---", "bold"), ("@@", "cyan"), ("+", "green"), ("-", "red"))


def difference(old: str, new: str, name: str) -> str:
    """Return the lines that differ, coloured, with some around them; nothing when none does."""
    from difflib import unified_diff

    lines = unified_diff(
        old.splitlines(), new.splitlines(), f"{name} (now)", f"{name} (new)", lineterm=""
    )
    return "\n".join(_line(line) for line in lines)


def _line(line: str) -> str:
    shown = "".join(c if c.isprintable() or c == "\t" else " " for c in line)
    colour = next((colour for start, colour in _COLOUR_OF if shown.startswith(start)), "")
    return coloured(shown, colour)

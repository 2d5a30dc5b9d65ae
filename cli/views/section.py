"""Sections of an answer; pure. An API of another version may leave them out."""

from collections.abc import Mapping
from typing import Any


def section(tree: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return the object that is one field of an answer, an empty one when there is none."""
    value = tree.get(name)
    return value if isinstance(value, Mapping) else {}

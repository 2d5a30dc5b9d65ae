"""The rules of a VM as options give them; pure."""

from typing import Final

SELECTORS: Final = ("mem", "memprov", "load", "vcpus", "vms", "none")
METHODS: Final = ("none", "live", "shutdown")


def nodes_of(limit: str | None) -> list[str] | None:
    """Return the nodes in a list with commas, None when no list was given."""
    if limit is None:
        return None
    return [node.strip() for node in limit.split(",") if node.strip()]

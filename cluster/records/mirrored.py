"""What a copy of the whole tree holds: all but the lines of the consoles.

A thousand VMs of a thousand lines would be most of it, and they change all the time; whoever wants
them reads them from the store (`log_fetch`).
"""

from cluster.store.mirror_feed import is_mirrored


def is_kept(path: str) -> bool:
    """Whether a key belongs in the copy."""
    return not _is_below_console(path) and is_mirrored(path)


def _is_below_console(path: str) -> bool:
    """Whether it is `/domains/<VM>/console/…`."""
    if "/console/" not in path:
        return False
    parts = path.split("/", 4)
    return len(parts) == 5 and (parts[1], parts[3]) == ("domains", "console")

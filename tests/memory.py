"""What a process costs in memory."""

from pathlib import Path


def pss_mib(pid: int | str = "self") -> float:
    """Return its proportional share: a page shared by n processes counts as 1/n of it."""
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return int(text.partition("\nPss:")[2].split()[0]) / 1024

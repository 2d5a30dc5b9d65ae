"""The schema version this node saw last, in a file: to start with while Zookeeper is away."""

import os
from pathlib import Path
from typing import Final

from runtime.log import get_logger

log = get_logger(__name__)

_NAME: Final = "schema-version"


def recall(directory: Path) -> int | None:
    """Return the version seen last, None when none is on record."""
    try:
        text = (directory / _NAME).read_text().strip()
    except (OSError, UnicodeDecodeError):
        return None
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def record(directory: Path, version: int) -> None:
    """Put a version on record; that it cannot be written is logged, not raised."""
    if recall(directory) == version:
        return
    part = directory / f".{_NAME}.part"
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        with part.open("w") as file:
            file.write(f"{version}\n")
            file.flush()
            os.fsync(file.fileno())
        part.replace(directory / _NAME)
    except OSError as error:
        log.warning("schema_version_not_recorded", directory=directory, error=error.strerror)

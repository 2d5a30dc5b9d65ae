"""A text changed in the user's editor.

Invariant: what was written is not lost when it is refused: the file stays and is named.
"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from cli.session import Session
from runtime.errors import Invalid, PvcError


@contextmanager
def edited(session: Session, text: str, again: str) -> Iterator[str]:
    """Have a text edited for a block that uses the result; `again` is what uses the file when the
    block fails."""
    number, name = tempfile.mkstemp(prefix="pvc-", suffix=".xml")
    path = Path(name)
    try:
        with os.fdopen(number, "w", encoding="utf-8") as file:
            file.write(text)
        click.edit(filename=name)
        yield _read(path)
    except PvcError:
        session.tell(f"What you wrote is kept in {path}; mend it, then: {again} {path}")
        raise
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    path.unlink(missing_ok=True)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise Invalid(f"{path} is no text any more: {error.reason}") from error

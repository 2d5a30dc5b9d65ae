"""A definition that comes from a file or from standard input."""

from typing import Final, TextIO

from runtime.errors import Invalid

_LONGEST: Final = 1024 * 1024
"""Several times what the API takes: another file was meant."""


def read_xml(file: TextIO) -> str:
    """Return what is in it; raises `Invalid` when that cannot be a definition."""
    try:
        text = file.read(_LONGEST + 1)
    except UnicodeDecodeError as error:
        raise Invalid(f"{file.name} is no text: {error.reason} at byte {error.start}") from error
    except OSError as error:
        raise Invalid(f"{file.name} cannot be read: {error.strerror}") from error
    if len(text) > _LONGEST:
        raise Invalid(f"{file.name} is longer than {_LONGEST} characters: no definition of a VM")
    if not text.strip():
        raise Invalid(f"{file.name} is empty")
    if not text.lstrip().startswith("<"):
        raise Invalid(f"{file.name} is no XML: a definition of a VM begins with <domain ...>")
    return text

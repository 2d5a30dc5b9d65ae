"""A bounded log of numbered lines."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class NumberedLine:
    """One line; its number never changes and is never used again."""

    number: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
    """The lines asked for, in order."""

    lines: tuple[NumberedLine, ...] = ()
    next_number: int = 0
    """Number the next line will have: ask for lines from here on to follow."""
    first_kept: int = 0
    """Number of the oldest line that is still there: a reader that wanted an older one knows
    that it has lost some."""

    @property
    def text(self) -> str:
        """The lines joined by newlines."""
        return "\n".join(line.text for line in self.lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class FilePlace:
    """Up to where a file is in a log."""

    inode: int
    offset: int
    mark: int
    """Checksum of the last bytes before the offset: another file does not have it."""
    written_at: int = 0
    """When the file was written last, in its file system's nanoseconds: what was written before is
    no successor of it."""

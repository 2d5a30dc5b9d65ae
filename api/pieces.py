"""An answer made of many pieces that are kept elsewhere: sent as they are, never joined as a whole.

5,000 VMs are 40 MB of JSON, and a slow client may take minutes to fetch them: each answer under way
then holds references, and no thread waits for it.
"""

from collections.abc import Sequence


class Pieces:
    """Something to be read from once, of pieces that never change."""

    def __init__(self, pieces: Sequence[bytes]) -> None:
        self._pieces = pieces
        self._size = sum(map(len, pieces))
        self._number = 0
        self._offset = 0
        """How much of the piece `number` was read."""

    def __len__(self) -> int:
        return self._size

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes, at most so many; empty at the end."""
        wanted, found = self._size if size < 0 else size, list[bytes]()
        while wanted > 0 and self._number < len(self._pieces):
            piece = self._pieces[self._number]
            part = piece[self._offset : self._offset + wanted]
            found.append(part)
            wanted -= len(part)
            self._offset += len(part)
            if self._offset == len(piece):
                self._number, self._offset = self._number + 1, 0
        return b"".join(found)

    def close(self) -> None:
        """Let go of the pieces."""
        self._pieces, self._number = (), 0

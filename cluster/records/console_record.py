"""Up to where the files of a VM's console are in its log, by node.

Written in one transaction with the lines, and demanding the version that was read: so a line is in
the log once, and of two nodes that add to it at the same time one reads it again.
"""

from collections.abc import Mapping
from typing import Final

from cluster.model.log import FilePlace
from cluster.schema import codec

_FIELDS: Final = ("inode", "offset", "mark", "written_at")


def read_places(data: bytes | None) -> dict[str, FilePlace]:
    """Read `vm.console.place`; what cannot be read is left out."""
    plain = codec.read_object(data) or {}
    found = {node: _place(codec.as_object(value)) for node, value in plain.items()}
    return {node: place for node, place in found.items() if place is not None}


def places_data(places: Mapping[str, FilePlace]) -> bytes:
    """Return what `vm.console.place` holds."""
    return codec.to_json(
        {
            node: {name: getattr(place, name) for name in _FIELDS}
            for node, place in sorted(places.items())
        }
    )


def _place(plain: Mapping[str, object]) -> FilePlace | None:
    found = {name: count for name in _FIELDS if (count := _count(plain.get(name))) is not None}
    return FilePlace(**found) if len(found) == len(_FIELDS) else None


def _count(value: object) -> int | None:
    is_count = isinstance(value, int) and not isinstance(value, bool) and value >= 0
    return value if isinstance(value, int) and is_count else None

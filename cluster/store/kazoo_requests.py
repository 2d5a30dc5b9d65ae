"""The two requests that kazoo 2.11 lacks: add a persistent watch, read many keys at once.

Both are part of Zookeeper's wire protocol since 3.6 (opcodes 106 and 22).
"""

from dataclasses import dataclass
from typing import Any, ClassVar, TypeAlias

from kazoo.exceptions import EXCEPTIONS
from kazoo.protocol.serialization import (
    GetChildren,
    GetData,
    int_struct,
    multiheader_struct,
    read_buffer,
    read_string,
    stat_struct,
    write_string,
)

from cluster.store.store import Value

PERSISTENT = 0
PERSISTENT_RECURSIVE = 1

CREATED_EVENT = 1
CHILD_EVENT = 4
"""From the one to the other they are about keys; others are about the session."""

_ERROR = -1
_STAT_VERSION = 4
_STAT_OWNER = 7
_STAT_CHILD_COUNT = 9

ReadResult: TypeAlias = Value | tuple[str, ...] | Exception


@dataclass(frozen=True, slots=True)
class AddWatch:
    """Set a watch that stays after it has fired, until the connection ends."""

    path: str
    mode: int
    type: ClassVar[int] = 106

    def serialize(self) -> bytearray:
        """Return the request's bytes."""
        return bytearray(write_string(self.path) + int_struct.pack(self.mode))

    @classmethod
    def deserialize(cls, _buffer: bytes, _offset: int) -> bool:
        """Return True: the answer has no content."""
        return True


@dataclass(frozen=True, slots=True)
class MultiRead:
    """Read the data or the children of many keys in one request; a missing key fails alone."""

    operations: tuple[Any, ...]
    type: ClassVar[int] = 22

    def serialize(self) -> bytearray:
        """Return the request's bytes."""
        out = bytearray()
        for operation in self.operations:
            out += multiheader_struct.pack(operation.type, False, -1) + operation.serialize()
        out += multiheader_struct.pack(-1, True, -1)
        return out

    @classmethod
    def deserialize(cls, buffer: bytes, offset: int) -> list[ReadResult]:
        """Return one result for each operation, in their order."""
        results: list[ReadResult] = []
        while True:
            kind, is_done, _ = multiheader_struct.unpack_from(buffer, offset)
            offset += multiheader_struct.size
            if is_done:
                return results
            if kind == GetData.type:
                value, offset = _read_value(buffer, offset)
                results.append(value)
            elif kind == GetChildren.type:
                names, offset = _read_names(buffer, offset)
                results.append(names)
            elif kind == _ERROR:
                (code,) = int_struct.unpack_from(buffer, offset)
                offset += int_struct.size
                results.append(EXCEPTIONS[code]())
            else:
                raise ValueError(f"an answer of kind {kind} to a read")


def read_data(paths: tuple[str, ...]) -> MultiRead:
    """Return the request for what keys hold."""
    return MultiRead(tuple(GetData(path, None) for path in paths))


def read_children(paths: tuple[str, ...]) -> MultiRead:
    """Return the request for the names below keys."""
    return MultiRead(tuple(GetChildren(path, None) for path in paths))


def _read_value(buffer: bytes, offset: int) -> tuple[Value, int]:
    data, offset = read_buffer(buffer, offset)
    stat = stat_struct.unpack_from(buffer, offset)
    value = Value(data or b"", stat[_STAT_VERSION], stat[_STAT_OWNER], stat[_STAT_CHILD_COUNT])
    return value, offset + stat_struct.size


def _read_names(buffer: bytes, offset: int) -> tuple[tuple[str, ...], int]:
    (count,) = int_struct.unpack_from(buffer, offset)
    offset += int_struct.size
    names = []
    for _ in range(count):
        name, offset = read_string(buffer, offset)
        names.append(name)
    names.sort()
    return tuple(names), offset

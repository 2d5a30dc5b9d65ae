"""One message as one frame: its address, a zero byte, a msgpack map.

Invariant: whatever arrives, `decode` returns an envelope or raises `Invalid`, and costs no more
than the size limit allows. Unknown fields are ignored and absent ones take their default, so two
versions of this program understand each other.
"""

import dataclasses
import math
import typing
from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any, Final

import msgpack

from bus.messages import Beat, Envelope, Facts, Hint, Line, Message, Stop
from bus.topics import Topic
from runtime.clock import Instant
from runtime.errors import Invalid

MAX_FRAME_BYTES: Final = 65536
"""Nothing bigger travels; sockets cut off whoever sends it."""
_END_OF_ADDRESS: Final = b"\0"
_KINDS: Final[dict[str, type[Message]]] = {
    "beat": Beat,
    "hint": Hint,
    "facts": Facts,
    "stop": Stop,
    "line": Line,
}
_NAMES: Final = {kind: name for name, kind in _KINDS.items()}
_TOPICS: Final = frozenset(topic.value for topic in Topic)


def encode(envelope: Envelope) -> bytes:
    """Return the frame; raises `Invalid` when it cannot travel: too big, or not to be written."""
    message = envelope.message
    plain = {
        "topic": envelope.address,
        "kind": _NAMES[type(message)],
        "sender": envelope.sender,
        "sequence": envelope.sequence,
        "at": envelope.at,
        "body": {name: getattr(message, name) for name in _FIELDS[type(message)]},
    }
    try:
        packed: bytes = msgpack.packb(plain)
    except (ValueError, TypeError, OverflowError) as error:
        # A log line may hold half a character (a file's name that is no UTF-8): whoever logs it
        # must not fail for that.
        raise Invalid(f"not to be written: {error!r}"[:300], address=envelope.address) from error
    frame = envelope.address.encode() + _END_OF_ADDRESS + packed
    if len(frame) > MAX_FRAME_BYTES:
        raise Invalid("message too big for the bus", address=envelope.address, bytes=len(frame))
    return frame


def decode(frame: bytes) -> Envelope:
    """Return the envelope in a frame; raises `Invalid` when it is none that we know."""
    if len(frame) > MAX_FRAME_BYTES:
        raise Invalid("message too big for the bus", bytes=len(frame))
    prefix, found, packed = frame.partition(_END_OF_ADDRESS)
    if not found:
        raise Invalid("message without an address")
    try:
        return _envelope(prefix.decode(), msgpack.unpackb(packed))
    except (ValueError, TypeError, KeyError, RecursionError, msgpack.UnpackException) as error:
        raise Invalid(f"not a message of ours: {error!r}"[:300]) from error


def subscription(interest: str) -> bytes:
    """Return the prefix that frames of an interest begin with: a whole kind, or one address."""
    if interest in _TOPICS:
        return f"{interest}.".encode()
    return interest.encode() + _END_OF_ADDRESS


def _envelope(address: str, plain: Any) -> Envelope:
    if address.partition(".")[0] not in _TOPICS or plain["topic"] != address:
        raise ValueError(f"address {address!r}")
    at = plain["at"]
    if not isinstance(at, float | int) or not math.isfinite(at):
        raise TypeError("at")
    return Envelope(
        address=address,
        sender=_text(plain["sender"]),
        sequence=_integer(plain["sequence"]),
        at=Instant(float(at)),
        message=_message(_KINDS[plain["kind"]], plain["body"]),
    )


def _message(kind: type[Message], body: Any) -> Message:
    readers = _FIELDS[kind]
    known = {name: value for name, value in _mapping(body).items() if name in readers}
    return kind(**{name: readers[name](value) for name, value in known.items()})


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value


def _integer(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"{value!r} is no integer")
    return value


def _mapping(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise TypeError(f"{value!r} is no map")
    return value


def _readers(kind: type[Message]) -> dict[str, Callable[[Any], Any]]:
    hints = typing.get_type_hints(kind)
    return {field.name: _reader(hints[field.name]) for field in dataclasses.fields(kind)}


def _reader(hint: Any) -> Callable[[Any], Any]:
    if isinstance(hint, type) and issubclass(hint, Enum):
        return hint
    plain: dict[Any, Callable[[Any], Any]] = {
        str: _text,
        int: _integer,
        Mapping[str, Any]: _mapping,
    }
    return plain[hint]


_FIELDS: Final = {kind: _readers(kind) for kind in _KINDS.values()}

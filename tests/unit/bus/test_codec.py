"""Whatever arrives is a message or `Invalid`."""

import contextlib
import math

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bus.codec import MAX_FRAME_BYTES, decode, encode, subscription
from bus.messages import Beat, Envelope, Facts, Line, Stop, StopReason
from bus.topics import Topic
from runtime.clock import Instant
from runtime.errors import Invalid

BEAT = Beat(worker="vm", incarnation=3, round=9, note="")


def envelope(message: Beat | Facts | Line | Stop, to: str = "beat.vm") -> Envelope:
    return Envelope(address=to, sender="vm", sequence=1, at=Instant(1.5), message=message)


def frame(to: str = "beat.vm", **changes: object) -> bytes:
    body = {"worker": "vm", "incarnation": 3, "round": 9}
    plain = {
        "topic": to,
        "kind": "beat",
        "sender": "vm",
        "sequence": 1,
        "at": 1.5,
        "body": body,
        **changes,
    }
    packed: bytes = msgpack.packb({k: v for k, v in plain.items() if v is not None})
    return to.encode() + b"\0" + packed


def test_what_was_encoded_is_decoded() -> None:
    for message in (
        BEAT,
        Stop(worker="vm", reason=StopReason.LEAVING),
        Facts(worker="vm", values={"a": {"b": [1]}}),
        Line(worker="vm", at="2030", level="info", text="ä\n"),
    ):
        assert decode(encode(envelope(message))) == envelope(message)


def test_unknown_fields_are_ignored_and_absent_ones_take_their_default() -> None:
    body = {"worker": "vm", "incarnation": 3, "round": 9, "mood": "good"}
    assert decode(frame(body=body, more=[1, 2])).message == BEAT


@pytest.mark.parametrize("value", ["\udcff", 1 << 70, object()])
def test_what_cannot_be_written_is_refused(value: object) -> None:
    with pytest.raises(Invalid):
        encode(envelope(Facts(worker="vm", values={"a": value})))


@pytest.mark.parametrize(
    "broken",
    [
        b"",
        b"beat.vm",
        b"beat.vm\0",
        b"\0" + frame(),
        frame() + b"x",
        frame(to="nonsense.vm"),
        frame(topic="beat.other"),
        frame(kind="order"),
        frame(kind=None),
        frame(kind=["beat"]),
        frame(sender=7),
        frame(sequence="1"),
        frame(sequence=True),
        frame(at="now"),
        frame(at=math.nan),
        frame(at=math.inf),
        frame(body=None),
        frame(body=[]),
        frame(body={"worker": "vm"}),
        frame(body={"worker": "vm", "incarnation": 3, "round": "9"}),
        frame(kind="stop", body={"worker": "vm", "reason": "boredom"}),
        frame(kind="facts", body={"worker": "vm", "values": 7}),
        b"beat.vm\0" + b"\x91" * 5000,
        b"beat.vm\0" + b"\xdf\xff\xff\xff\xff",
        b"\xff\xfe.vm\0\x80",
        frame(body={"worker": "v" * MAX_FRAME_BYTES}),
    ],
)
def test_what_is_broken_is_invalid(broken: bytes) -> None:
    with pytest.raises(Invalid):
        decode(broken)


@given(st.binary(max_size=300))
def test_noise_is_invalid(noise: bytes) -> None:
    with pytest.raises(Invalid):
        decode(noise)


@given(st.integers(0, 200), st.binary(min_size=1, max_size=4))
def test_a_damaged_frame_is_an_envelope_or_invalid(place: int, damage: bytes) -> None:
    whole = frame()
    place %= len(whole)
    damaged = whole[:place] + damage + whole[place + len(damage) :]
    with contextlib.suppress(Invalid):
        assert isinstance(decode(damaged), Envelope)


def test_what_is_too_big_is_not_sent() -> None:
    with pytest.raises(Invalid):
        encode(envelope(Facts(worker="vm", values={"x": "y" * MAX_FRAME_BYTES}), "facts.vm"))


def test_an_interest_is_a_whole_kind_or_one_address() -> None:
    assert frame(to="beat.vm").startswith(subscription(Topic.BEAT))
    assert frame(to="beat.vm").startswith(subscription("beat.vm"))
    assert not frame(to="beat.vmx").startswith(subscription("beat.vm"))

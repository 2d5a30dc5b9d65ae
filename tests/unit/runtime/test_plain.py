"""Dataclasses to plain values and back: nothing is lost, and what is not ours is refused."""

import json
from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.config.plain import from_plain, to_plain
from runtime.errors import Invalid


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


@dataclass(frozen=True, slots=True, kw_only=True)
class Inner:
    number: float
    colour: Colour = Colour.RED


@dataclass(frozen=True, slots=True, kw_only=True)
class Outer:
    name: str
    inner: Inner
    many: tuple[Inner, ...] = ()
    by_name: dict[str, Inner] = field(default_factory=dict)
    address: IPv4Address | None = None
    network: IPv4Network | None = None
    path: Path = Path("/run")
    flag: bool = False


_INNER = st.builds(
    Inner,
    number=st.floats(allow_nan=False, allow_infinity=False),
    colour=st.sampled_from(Colour),
)
_OUTER = st.builds(
    Outer,
    name=st.text(),
    inner=_INNER,
    many=st.lists(_INNER, max_size=3).map(tuple),
    by_name=st.dictionaries(st.text(), _INNER, max_size=3),
    address=st.none() | st.ip_addresses(v=4),
    network=st.none() | st.just(IPv4Network("10.0.0.0/8")),
    flag=st.booleans(),
)


@given(_OUTER)
def test_there_and_back_through_json(value: Outer) -> None:
    assert from_plain(Outer, json.loads(json.dumps(to_plain(value)))) == value


def test_unknown_fields_are_ignored_and_absent_ones_have_their_default() -> None:
    plain = {"name": "a", "inner": {"number": 1, "later": True}, "newer": 3}
    assert from_plain(Outer, plain) == Outer(name="a", inner=Inner(number=1.0))


@pytest.mark.parametrize(
    "plain",
    [
        None,
        [],
        "text",
        {},
        {"name": 3, "inner": {"number": 1}},
        {"name": "a", "inner": {"number": "x"}},
        {"name": "a", "inner": {"number": 1, "colour": "green"}},
        {"name": "a", "inner": {"number": 1}, "address": "10.0.0.256"},
        {"name": "a", "inner": {"number": 1}, "many": [7]},
        {"name": "a", "inner": {"number": 1}, "many": 7},
        {"name": "a", "inner": {"number": 1}, "by_name": []},
        {"name": "a", "inner": {"number": 1}, "flag": "no"},
    ],
)
def test_what_is_not_ours_is_refused(plain: Any) -> None:
    with pytest.raises(Invalid, match="not a Outer"):
        from_plain(Outer, plain)

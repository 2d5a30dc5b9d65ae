"""Regular expressions of `limit` match as Python's do, but never for minutes."""

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.v1.arguments import BadArguments
from api.v1.limit import name_filter
from api.v1.pattern import Pattern
from api.v1.pattern_syntax import BadPattern

NAMES = ("", "a", "ab", "web-01", "WEB_1.example", "x" * 64, "äöü", "a-b]c", "{2}", "0", " ")

_ATOMS = st.sampled_from(
    ["a", "b", ".", "-", "1", r"\d", r"\w", r"\W", r"\s", r"\.", "[ab]", "[^a1]", "[a-z0-9_-]",
     r"[\d.]", "[]x]", "[^]]", "^", "$", "{", "(?:b1)", "(a|b)", "(|a)", r"\A", r"\Z"]
)  # fmt: skip
_REPEATED = st.builds(
    lambda atom, times: atom if atom in ("^", "$", r"\A", r"\Z") else atom + times,
    _ATOMS,
    st.sampled_from(["", "", "*", "+", "?", "{2}", "{0,2}", "{1,}", "{,2}", "*?", "+?", "??"]),
)
_PATTERNS = st.recursive(
    st.lists(_REPEATED, min_size=1, max_size=4).map("".join),
    lambda inner: st.one_of(
        st.builds("({})".format, inner),
        st.builds("({})*".format, inner),
        st.builds("{}|{}".format, inner, inner),
        st.builds("{}{}".format, inner, inner),
    ),
    max_leaves=4,
)


@settings(max_examples=400, deadline=None)
@given(_PATTERNS, st.text(alphabet="ab1.-{ ]Z", max_size=8), st.sampled_from(["", "(?i)"]))
def test_as_python_has_it(pattern: str, name: str, flag: str) -> None:
    expected = re.compile(flag + pattern).search(name) is not None
    assert Pattern(flag + pattern).search(name) is expected


@pytest.mark.parametrize(
    "pattern",
    ["web", "^web", "web$", "^web-0[1-3]$", "(?i)web", "^(web|db)-", r"\d+$", "", "^$", "a{2,}",
     "(?i)[a-w]EB", "x{64}", "^x{65}", ".", "ä", "[^ -~]", "(?P<n>w)e", "a|", r"\-"],
)  # fmt: skip
def test_names(pattern: str) -> None:
    wanted, compiled = Pattern(pattern), re.compile(pattern)
    assert [n for n in NAMES if wanted.search(n)] == [n for n in NAMES if compiled.search(n)]


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        ("(", "missing )"),
        (")", "parenthesis"),
        ("*", "nothing to repeat"),
        ("a**", "multiple repeat"),
        ("a*+", "multiple repeat"),
        ("^*", "nothing to repeat"),
        ("[a", "too early"),
        ("[z-a]", "bad character range z-a"),
        ("a{3,2}", "min repeat"),
        (r"(a)\1", r"\1 is not supported"),
        (r"\bweb", r"\b is not supported"),
        ("(?=a)", "(?= is not supported"),
        ("(?<!a)", "(?< is not supported"),
        ("a{101}", "100 repeats"),
        ("((a{100}){100}){100}", "too long"),
        ("(" * 60 + ")" * 60, "too many parentheses"),
        ("a\\", "too early"),
    ],
)
def test_what_is_refused_says_why(pattern: str, why: str) -> None:
    with pytest.raises(BadPattern, match=re.escape(why)):
        Pattern(pattern)
    with pytest.raises(BadArguments) as refused:
        name_filter("limit", pattern)
    assert why in refused.value.faults["limit"]


EVIL = (
    "(a+)+$",
    "^(a|a)*$",
    "(a*)*b",
    "a*a*a*a*a*a*a*a*a*a*b",
    "(a|aa)+$",
    "^(([a-z])+.)+[A-Z]([a-z])+$",
    "(.*)*(.*)*(.*)*$x",
)
BAD = (*(f"{'a' * 60}{i}!" for i in range(500)), "a" * 63)


@pytest.mark.parametrize("pattern", EVIL)
def test_patterns_that_hold_python_for_minutes(pattern: str) -> None:
    wanted = name_filter("limit", pattern)
    started = time.process_time()
    found = [wanted.search(name) for name in BAD]
    assert time.process_time() - started < 1.0
    if pattern == "(a+)+$":
        assert found == [False] * 500 + [True]


def test_a_pattern_of_too_many_possibilities_is_refused_in_the_end() -> None:
    wanted = name_filter("limit", "(a|b)*a(a|b){99}c")
    names = [f"{number:0200b}".replace("0", "a").replace("1", "b") for number in range(7, 99999, 7)]
    started = time.process_time()
    with pytest.raises(BadArguments, match="too complicated"):
        for name in names:
            wanted.search(name)
    assert time.process_time() - started < 2.0

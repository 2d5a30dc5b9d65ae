"""What a guest prints is made harmless, and lines are cut without losing a byte."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.console.cutting import LONGEST_LINE, cut
from workers.console.harmless import text_of


@pytest.mark.parametrize(
    ("line", "text"),
    [
        (b"plain", "plain"),
        (b"plain\r", "plain"),
        (b"\r", ""),
        (b"a\tb", "a\tb"),
        ("Grüße ✓".encode(), "Grüße ✓"),
        (b"\x1b[1;31mred\x1b[0m \x1b[2K\x1b[1Gok", "red ok"),
        (b"\x1b]0;title\x07rest", "rest"),
        (b"\x1b]0;title\x1b\\rest", "rest"),
        (b"\x1bPstring\x1b\\rest", "rest"),
        (b"\x1b(B\x1b=\x1b7x", "x"),
        (b"\xc2\x9b31mred", "red"),
        (b"10%\r20%\r30%", "30%"),
        (b"10%\r20%\r", "20%"),
        (b"\rtext", "text"),
        (b"\0\0bell\x07", "bell"),
        (b"half \xff char", "half \N{REPLACEMENT CHARACTER} char"),
        (b"form\x0cfeed", "form\N{REPLACEMENT CHARACTER}feed"),
        ("bidi \u202e x".encode(), "bidi \N{REPLACEMENT CHARACTER} x"),
        ("sep \u2028 x".encode(), "sep \N{REPLACEMENT CHARACTER} x"),
        (b"a lone \x1b", "a lone \N{REPLACEMENT CHARACTER}"),
    ],
)
def test_lines_as_text(line: bytes, text: str) -> None:
    assert text_of(line) == text


@given(st.binary(max_size=5000))
def test_whatever_comes_is_harmless(line: bytes) -> None:
    text = text_of(line)
    assert all(c.isprintable() or c == "\t" for c in text)


@pytest.mark.parametrize("bad", [b"\x1b]", b"\x1bP", b"\x1b[", b"\x1b", b"\r", b"\x1b[0;"])
def test_no_line_takes_long(bad: bytes) -> None:
    text_of(bad * (LONGEST_LINE // len(bad)))


@given(
    st.lists(st.one_of(st.binary(max_size=50), st.just(b"x" * 9000), st.just("€".encode() * 3000)))
)
def test_each_byte_is_in_one_line(parts: list[bytes]) -> None:
    data = b"\n".join(parts)
    found = cut(data, with_rest=False)
    assert all(len(line) <= LONGEST_LINE for line in found.lines)
    assert b"".join(found.lines) == data[: found.used].replace(b"\n", b"")
    assert len(data) - found.used <= LONGEST_LINE
    assert b"\n" not in data[found.used :]
    whole = cut(data, with_rest=True)
    assert whole.used == len(data)
    assert b"".join(whole.lines) == data.replace(b"\n", b"")


def test_a_long_line_is_not_cut_within_a_character() -> None:
    found = cut("€".encode() * 5000, with_rest=True)
    assert "".join(line.decode() for line in found.lines) == "€" * 5000

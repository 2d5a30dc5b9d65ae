"""Tables line up whatever is in them; colours and control characters do not disturb them."""

from hypothesis import given
from hypothesis import strategies as st

from cli.table import (
    Column,
    age_of_seconds,
    coloured,
    indented,
    pairs,
    printable,
    rate_of_bits,
    size_of_mib,
    table,
)

COLUMNS = (Column("NAME"), Column("N", is_number=True), Column("TEXT"))


def plain(text: str) -> str:
    return text.replace("\x1b[1m", "").replace("\x1b[31m", "").replace("\x1b[0m", "")


def test_numbers_stand_at_the_right_and_colours_have_no_width() -> None:
    shown = table(COLUMNS, [["a", "1", "x"], [coloured("longer", "red"), "100", "y"]])
    assert plain(shown).splitlines() == [
        "NAME      N  TEXT",
        "a         1  x",
        "longer  100  y",
    ]


def test_an_empty_table_has_its_titles() -> None:
    assert plain(table(COLUMNS, [])) == "NAME  N  TEXT"


def test_long_texts_fold_to_the_terminal() -> None:
    text = "one two three four five six seven eight"
    shown = plain(table(COLUMNS, [["a", "1", text]], width=30)).splitlines()
    assert shown == [
        "NAME  N  TEXT",
        "a     1  one two three four",
        "         five six seven eight",
    ]
    assert plain(table(COLUMNS, [["a", "1", text]], width=12)).splitlines()[1].endswith("eight")


def test_columns_that_allow_it_are_cut_to_the_terminal() -> None:
    columns = (Column("NAME", least=6), Column("STATE"), Column("NETS", least=5), Column("TAGS"))
    row = ["a-very-long-name-of-a-vm", "start", "100,101,102", "one two three four five six"]
    assert plain(table(columns, [row], width=200)).splitlines()[1].split("  ") == row
    lines = plain(table(columns, [row], width=48)).splitlines()
    assert lines == [
        "NAME            STATE  NETS     TAGS",
        "a-very-long-n…  start  100,10…  one two three",
        "                                four five six",
    ]
    cut = (*columns[:3], Column("TAGS", least=6))
    assert plain(table(cut, [row], width=48)).splitlines()[1:] == [
        "a-very-long-name-o…  start  100,101,…  one two …",
    ]
    narrow = plain(table(columns, [row], width=10)).splitlines()
    assert narrow[1].startswith("a-ver…  start  100,…  one two")
    assert table(columns, [row]).splitlines()[1].split("  ") == row


@given(st.lists(st.tuples(*[st.text(st.characters(categories=["L", "N"]))] * 3), max_size=5))
def test_columns_line_up(rows: list[tuple[str, str, str]]) -> None:
    lines = plain(table(COLUMNS, rows)).split("\n")
    start = lines[0].index("TEXT")
    assert len(lines) == len(rows) + 1
    for line, row in zip(lines[1:], rows, strict=True):
        assert line[start:] == row[2]


@given(st.text())
def test_nothing_from_outside_moves_the_cursor(text: str) -> None:
    assert printable(text).isprintable()


def test_values_as_people_read_them() -> None:
    assert printable(None) == printable("") == "-"
    assert printable(0) == "0"
    assert printable("a\x1b[2Jb\n") == "a [2Jb "
    assert [size_of_mib(x) for x in (0, 512, 1024, 65536, None, "x", True)] == [
        "0M",
        "512M",
        "1.0G",
        "64.0G",
        "-",
        "-",
        "-",
    ]
    assert [rate_of_bits(x) for x in (0, 900, 1500, 2.5e6, 1e10, None)] == [
        "0",
        "900",
        "1.5k",
        "2.5M",
        "10.0G",
        "-",
    ]
    assert [age_of_seconds(x) for x in (0.24, 9.96, 75, 600, 9000, None, -1, "x")] == [
        "0.2 s",
        "10.0 s",
        "75 s",
        "10 min",
        "2 h",
        "-",
        "-",
        "-",
    ]


def test_pairs_and_indents() -> None:
    assert plain(pairs([("A", "1"), ("Long", "2")], "  ")) == "  A:    1\n  Long: 2"
    assert pairs([]) == ""
    assert indented("a\n\nb") == "  a\n\n  b"

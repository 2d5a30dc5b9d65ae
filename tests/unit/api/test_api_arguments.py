"""Reading what a request says."""

import pytest

from api.v1.arguments import Arguments, BadArguments, Pairs, read_arguments
from api.v1.limit import name_filter
from api.v1.parameter import Kind, Parameter, Place


def read(*parameters: Parameter, query: Pairs = (), form: Pairs = (), **path: str) -> Arguments:
    return read_arguments(parameters, path=path, query=query, form=form)


LINES = Parameter(name="lines", about="", kind=Kind.INTEGER, minimum=0, maximum=100)
FORCE = Parameter(name="force", about="", kind=Kind.FLAG)
TAGS = Parameter(name="tags", about="", is_repeated=True)
STATE = Parameter(
    name="state", about="", kind=Kind.FLAG, is_required=True, choices=("true", "false")
)


@pytest.mark.parametrize("word", ["y", "yes", "T", "True", "true", "ON", "1", " true "])
def test_true_words(word: str) -> None:
    assert read(FORCE, query=[("force", word)]).flag("force")


@pytest.mark.parametrize("word", ["n", "no", "f", "False", "off", "0", "", "maybe", "2"])
def test_every_other_word_is_false(word: str) -> None:
    assert not read(FORCE, query=[("force", word)]).flag("force")


def test_what_is_not_given() -> None:
    arguments = read(LINES, FORCE, TAGS, Parameter(name="limit", about=""))
    assert arguments.integer("lines") is None
    assert arguments.flag("force") is False
    assert arguments.texts("tags") == ()
    assert arguments.text("limit") is None


def test_query_and_form_are_merged() -> None:
    arguments = read(TAGS, query=[("tags", "a")], form=[("tags", "b"), ("other", "c")])
    assert arguments.texts("tags") == ("a", "b")


def test_a_single_value_of_a_list_is_a_list() -> None:
    assert read(TAGS, form=[("tags", "abc")]).texts("tags") == ("abc",)


@pytest.mark.parametrize(
    "text", ["", "x", "1.5", "1e3", "-1", "101", "٣", "9" * 5000, "0x10", "--1", "-"]
)
def test_what_is_no_number_in_range(text: str) -> None:
    with pytest.raises(BadArguments) as caught:
        read(LINES, query=[("lines", text)])
    assert list(caught.value.faults) == ["lines"]


def test_numbers() -> None:
    assert read(LINES, query=[("lines", " 12 ")]).integer("lines") == 12


def test_every_fault_is_named() -> None:
    with pytest.raises(BadArguments) as caught:
        read(LINES, STATE, query=[("lines", "x")])
    assert set(caught.value.faults) == {"lines", "state"}


@pytest.mark.parametrize("word", ["maybe", "yes", "", "1"])
def test_choices_are_enforced(word: str) -> None:
    with pytest.raises(BadArguments):
        read(STATE, query=[("state", word)])


@pytest.mark.parametrize(("word", "is_true"), [("True", True), ("false", False)])
def test_choices_of_a_flag_in_any_case(word: str, is_true: bool) -> None:
    assert read(STATE, form=[("state", word)]).flag("state") is is_true


def test_two_different_values_where_one_is_meant() -> None:
    with pytest.raises(BadArguments):
        read(LINES, query=[("lines", "1")], form=[("lines", "2")])
    assert read(LINES, query=[("lines", "1")], form=[("lines", "1")]).integer("lines") == 1


def test_a_form_field_is_not_taken_from_the_query() -> None:
    token = Parameter(name="token", about="", place=Place.FORM)
    assert read(token, query=[("token", "a")]).text("token") is None
    assert read(token, form=[("token", "a")]).text("token") == "a"


def test_zero_bytes_are_refused() -> None:
    with pytest.raises(BadArguments):
        read(Parameter(name="limit", about=""), query=[("limit", "a\0")])


def test_asking_for_what_was_not_declared_is_our_bug() -> None:
    with pytest.raises(KeyError):
        read(LINES).text("line")
    with pytest.raises(TypeError):
        read(LINES, query=[("lines", "1")]).text("lines")


@pytest.mark.parametrize(
    ("limit", "found"),
    [
        (None, ["hv1", "hv2", "hv10", "xhv1"]),
        ("", ["hv1", "hv2", "hv10", "xhv1"]),
        ("hv1", ["hv1", "hv10", "xhv1"]),
        ("^hv1", ["hv1", "hv10"]),
        ("^hv1$", ["hv1"]),
        ("^hv1$|^hv2$", ["hv1", "hv2"]),
        ("hv[12]$", ["hv1", "hv2", "xhv1"]),
    ],
)
def test_limits(limit: str | None, found: list[str]) -> None:
    wanted = name_filter("limit", limit)
    assert [name for name in ("hv1", "hv2", "hv10", "xhv1") if wanted.search(name)] == found


@pytest.mark.parametrize("limit", ["(", "[", "*", "a{2,1}", "(?P<x", "x" * 300, "(" * 200])
def test_bad_limits(limit: str) -> None:
    with pytest.raises(BadArguments):
        name_filter("limit", limit)

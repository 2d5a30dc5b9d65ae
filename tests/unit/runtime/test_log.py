"""Log lines: key=value that a machine can split again, one priority per line for the journal."""

import logging
from collections.abc import Iterator
from datetime import UTC

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime import log
from runtime.log import LogLine, add_sink, get_logger, set_up_logging


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    root, ours = logging.getLogger(), logging.getLogger("pvc")
    before = (root.handlers[:], root.level, ours.handlers[:], ours.level)
    yield
    root.handlers[:], ours.handlers[:] = before[0], before[2]
    root.setLevel(before[1])
    ours.setLevel(before[3])


class Printed:
    """What has gone to standard error so far."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys
        self._text = ""

    def getvalue(self) -> str:
        self._text += self._capsys.readouterr().err
        return self._text


@pytest.fixture
def out(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Printed:
    monkeypatch.delenv("JOURNAL_STREAM", raising=False)
    return Printed(capsys)


def test_a_line_has_event_part_facts_and_what_is_bound(out: Printed) -> None:
    set_up_logging(debug=False, node="hv1", worker="vm")
    get_logger("workers.vm.act").info("vm_state_changed", vm="web 1", old="start", new="stop")
    _, _, text = out.getvalue().partition(" ")
    assert text == (
        'info vm_state_changed part=workers.vm.act vm="web 1" old=start new=stop '
        "node=hv1 worker=vm\n"
    )


def test_debug_is_off_unless_it_is_on(out: Printed) -> None:
    set_up_logging(debug=False)
    get_logger("a").debug("round_ended")
    assert out.getvalue() == ""
    set_up_logging(debug=True)
    get_logger("a.b").debug("round_ended")
    assert "debug round_ended part=a.b" in out.getvalue()


def test_the_journal_gets_a_priority_on_each_line(
    out: Printed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JOURNAL_STREAM", "8:1")
    set_up_logging(debug=False)
    try:
        raise ValueError("bad")
    except ValueError as error:
        get_logger("a").exception("call_failed", error, tries=3)
    lines = out.getvalue().splitlines()
    assert lines[0] == "<3>call_failed part=a tries=3 error=bad"
    assert len(lines) > 2
    assert all(line.startswith("<3>") for line in lines)
    get_logger("a").warning("x_degraded")
    assert out.getvalue().splitlines()[-1] == "<4>x_degraded part=a"


def test_a_sink_gets_each_line(out: Printed) -> None:
    set_up_logging(debug=False, node="hv1")
    seen: list[LogLine] = []
    add_sink(seen.append)
    get_logger("a").error("disk_failed", disk="sda")
    (line,) = seen
    assert (line.level, line.part, line.event, line.facts) == (
        "error",
        "a",
        "disk_failed",
        "disk=sda",
    )
    assert line.at.tzinfo is UTC


def test_others_warnings_are_kept_with_their_origin(out: Printed) -> None:
    set_up_logging(debug=False)
    logging.getLogger("kazoo.client").info("chatter")
    logging.getLogger("kazoo.client").warning("lost %s", "it")
    assert out.getvalue().endswith("warning lost it part=kazoo.client\n")


@pytest.mark.parametrize("end", ["\n", "\r", "\x0b", "\x1e", "\x85", "\u2028"])
def test_a_strangers_text_makes_no_line_of_its_own(
    out: Printed, monkeypatch: pytest.MonkeyPatch, end: str
) -> None:
    monkeypatch.setenv("JOURNAL_STREAM", "8:1")
    set_up_logging(debug=False)
    get_logger("api").info("call_answered", path=f"/x{end}<3>forged")
    assert len(out.getvalue().splitlines()) == 1


@given(st.text())
def test_a_field_is_one_line_and_can_be_told_from_the_next(value: str) -> None:
    quoted = log._quoted(value)
    assert len(quoted.splitlines()) == 1
    assert quoted.isprintable()
    if quoted.startswith('"'):
        inner = quoted[1:-1].replace("\\\\", "").replace('\\"', "")
        assert '"' not in inner
    else:
        assert quoted
        assert " " not in quoted
        assert "=" not in quoted

"""A log keeps its numbers, its bound and its order."""

from hypothesis import given
from hypothesis import strategies as st

from cluster.records import log_record
from cluster.records.log_record import Tail
from cluster.records.view import snapshot
from cluster.schema.layout import layout
from cluster.schema.logchunk import CHUNK_BYTES, CHUNK_LINES
from cluster.store.store import Create, Store
from runtime.deadline import Deadline
from tests.fakes.ensemble import FakeEnsemble
from tests.fakes.store import FakeStore

LAYOUT = layout(16)
NODE = "hv1"


def soon() -> Deadline:
    return Deadline.after(5.0)


def new_store() -> Store:
    store = FakeStore(FakeEnsemble())
    store.apply([Create("/logs", b""), Create("/logs/hv1", b"")], soon())
    return store


def append(store: Store, tail: Tail, lines: list[str], keep: int = 2000) -> Tail:
    tail, changes = log_record.append(LAYOUT, NODE, tail, lines, keep_lines=keep)
    store.apply(changes, soon())
    return tail


def texts(store: Store, last: int | None = None, start: int = 0) -> list[tuple[int, str]]:
    log = log_record.read(snapshot(store, ["/logs"], soon()), LAYOUT, NODE, last=last, start=start)
    assert log is not None
    return [(line.number, line.text) for line in log.lines]


def test_lines_keep_their_numbers() -> None:
    store = new_store()
    tail = append(store, Tail(), ["a", "b"])
    tail = append(store, tail, ["c"])
    assert texts(store) == [(0, "a"), (1, "b"), (2, "c")]
    assert texts(store, last=2) == [(1, "b"), (2, "c")]
    assert texts(store, start=2) == [(2, "c")]
    assert texts(store, start=3) == []
    assert tail.next_number == 3


def test_a_line_is_one_line_of_bounded_length_and_never_empty() -> None:
    store = new_store()
    append(store, Tail(), ["a\nb", "", "x" * 10_000])
    lines = [text for _, text in texts(store)]
    assert lines[:2] == ["a\\nb", " "]
    assert len(lines[2]) == 4096


def test_a_successor_goes_on() -> None:
    store = new_store()
    append(store, Tail(), [str(n) for n in range(150)])
    tail = log_record.read_tail(snapshot(store, ["/logs"], soon()), LAYOUT, NODE)
    assert (tail.next_number, len(tail.last)) == (150, 50)
    append(store, tail, ["next"])
    assert texts(store, last=1) == [(150, "next")]


def test_a_new_line_costs_one_small_write() -> None:
    store = new_store()
    tail = append(store, Tail(), ["x" * 100] * 1990)
    _, changes = log_record.append(LAYOUT, NODE, tail, ["one"], keep_lines=2000)
    assert len(changes) == 1
    assert len(changes[0].data) <= CHUNK_BYTES + 5000  # type: ignore[union-attr]


def test_more_lines_at_once_than_are_kept() -> None:
    store = new_store()
    tail = append(store, Tail(), ["old"], keep=200)
    tail = append(store, tail, [str(n) for n in range(5000)], keep=200)
    kept = texts(store)
    assert kept[-1] == (5000, "4999")
    assert 200 <= len(kept) < 200 + CHUNK_LINES
    assert kept == [(number, str(number - 1)) for number in range(kept[0][0], 5001)]
    assert tail.next_number == 5001


def test_an_empty_log_and_none() -> None:
    store = new_store()
    assert texts(store) == []
    assert log_record.read(snapshot(store, ["/logs"], soon()), LAYOUT, "other") is None


@given(st.lists(st.lists(st.text(max_size=300), max_size=150), max_size=8), st.integers(1, 300))
def test_whatever_is_appended_is_read_in_order(batches: list[list[str]], keep: int) -> None:
    store, tail, written = new_store(), Tail(), 0
    for lines in batches:
        tail = append(store, tail, lines, keep)
        written += len(lines)
    found = texts(store)
    assert [number for number, _ in found] == list(range(written - len(found), written))
    assert len(found) >= min(written, keep)
    assert tail == log_record.read_tail(snapshot(store, ["/logs"], soon()), LAYOUT, NODE)

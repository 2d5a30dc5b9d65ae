"""A log keeps its numbers, its bound and its order."""

from collections.abc import Mapping, Sequence

from hypothesis import given
from hypothesis import strategies as st

from cluster.records import log_record
from cluster.records.log_fetch import fetch, fetch_tails
from cluster.records.log_record import Tail
from cluster.records.view import snapshot
from cluster.schema.layout import layout
from cluster.schema.logchunk import CHUNK_BYTES, CHUNK_LINES
from cluster.store.store import Create, Store, Value
from runtime.deadline import Deadline
from tests.fakes.ensemble import FakeEnsemble
from tests.fakes.store import FakeStore

LAYOUT = layout(16)
KEYS = log_record.of_node(LAYOUT, "hv1")


def soon() -> Deadline:
    return Deadline.after(5.0)


def new_store() -> Store:
    store = FakeStore(FakeEnsemble())
    store.apply([Create("/logs", b""), Create("/logs/hv1", b"")], soon())
    return store


def append(store: Store, tail: Tail, lines: list[str], keep: int = 2000) -> Tail:
    tail, changes = log_record.append(KEYS, tail, lines, keep_lines=keep)
    store.apply(changes, soon())
    return tail


def found_tail(store: Store) -> Tail | None:
    return fetch_tails(store, [KEYS], (), soon()).tails[KEYS]


def texts(store: Store, last: int | None = None, start: int = 0) -> list[tuple[int, str]]:
    log = log_record.read(snapshot(store, ["/logs"], soon()), KEYS, last=last, start=start)
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
    tail = found_tail(store)
    assert tail is not None
    assert (tail.next_number, len(tail.last)) == (150, 50)
    append(store, tail, ["next"])
    assert texts(store, last=1) == [(150, "next")]


def test_a_new_line_costs_one_small_write() -> None:
    store = new_store()
    tail = append(store, Tail(), ["x" * 100] * 1990)
    _, changes = log_record.append(KEYS, tail, ["one"], keep_lines=2000)
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
    assert (
        log_record.read(snapshot(store, ["/logs"], soon()), log_record.of_node(LAYOUT, "other"))
        is None
    )


@given(st.lists(st.lists(st.text(max_size=300), max_size=150), max_size=8), st.integers(1, 300))
def test_whatever_is_appended_is_read_in_order(batches: list[list[str]], keep: int) -> None:
    store, tail, written = new_store(), Tail(), 0
    for lines in batches:
        tail = append(store, tail, lines, keep)
        written += len(lines)
    found = texts(store)
    assert [number for number, _ in found] == list(range(written - len(found), written))
    assert len(found) >= min(written, keep)
    assert tail == found_tail(store)


def test_both_logs_are_where_the_key_table_says() -> None:
    for keys, path in (
        (KEYS, LAYOUT.path("node.log.chunk", node="hv1", chunk="000000000100")),
        (
            log_record.of_console(LAYOUT, "u-1"),
            LAYOUT.path("vm.console.chunk", vm="u-1", chunk="000000000100"),
        ),
    ):
        assert keys.chunk(100) == path


def test_skipped_lines_have_numbers_and_leave_no_gap() -> None:
    store = new_store()
    tail = append(store, Tail(), [str(n) for n in range(250)])
    tail, changes = log_record.append(KEYS, tail, ["x", "y"], keep_lines=2000, skipped=7000)
    store.apply(changes, soon())
    assert texts(store) == [(7250, "x"), (7251, "y")]
    assert tail == found_tail(store)
    append(store, tail, ["z"])
    assert texts(store)[-1] == (7252, "z")


def test_skipping_at_the_very_start() -> None:
    store = new_store()
    _, changes = log_record.append(KEYS, Tail(), ["x"], keep_lines=10, skipped=5)
    store.apply(changes, soon())
    assert texts(store) == [(5, "x")]


def test_nothing_to_append_changes_nothing() -> None:
    assert log_record.append(KEYS, Tail((3,), ("a",)), [], keep_lines=5) == (Tail((3,), ("a",)), [])


@given(
    st.lists(st.tuples(st.integers(0, 400), st.integers(1, 150)), min_size=1, max_size=6),
    st.integers(1, 300),
)
def test_numbers_stay_true_over_skips(batches: list[tuple[int, int]], keep: int) -> None:
    store, tail, number = new_store(), Tail(), 0
    for skipped, count in batches:
        number += skipped
        lines = [str(number + i) for i in range(count)]
        tail, changes = log_record.append(KEYS, tail, lines, keep_lines=keep, skipped=skipped)
        store.apply(changes, soon())
        number += count
    found = texts(store)
    assert [(n, str(n)) for n, _ in found] == found
    assert found[-1][0] == number - 1
    assert [n for n, _ in found] == list(range(found[0][0], number))
    assert tail == found_tail(store)


@given(st.integers(0, 450), st.one_of(st.none(), st.integers(0, 500)), st.integers(0, 500))
def test_what_is_fetched_is_what_is_read(count: int, last: int | None, start: int) -> None:
    store = new_store()
    append(store, Tail(), [str(n) for n in range(count)], 300)
    found = fetch(store, KEYS, soon(), last=last, start=start)
    view = snapshot(store, ["/logs"], soon())
    assert found == log_record.read(view, KEYS, last=last, start=start)


def test_only_the_chunks_that_are_needed_are_fetched() -> None:
    store = new_store()
    append(store, Tail(), [str(n) for n in range(1000)])
    asked: list[str] = []
    read_many = store.read_many

    def counted(paths: Sequence[str], deadline: Deadline) -> Mapping[str, Value | None]:
        asked.extend(paths)
        return read_many(paths, deadline)

    store.read_many = counted  # type: ignore[method-assign]
    log = fetch(store, KEYS, soon(), last=150)
    assert log is not None
    assert [line.number for line in log.lines] == list(range(850, 1000))
    assert len(asked) == 3


def test_a_log_that_is_rewritten_while_it_is_read() -> None:
    store = new_store()
    tail = append(store, Tail(), [str(n) for n in range(250)])
    children = store.children

    def meddled(path: str, deadline: Deadline) -> tuple[str, ...] | None:
        names = children(path, deadline)
        store.children = children  # type: ignore[method-assign]
        _, changes = log_record.append(KEYS, tail, ["new"], keep_lines=2000, skipped=1000)
        store.apply(changes, soon())
        return names

    store.children = meddled  # type: ignore[method-assign]
    log = fetch(store, KEYS, soon(), last=10)
    assert log is not None
    assert [(line.number, line.text) for line in log.lines] == [(1250, "new")]


def test_a_log_that_is_not_there_cannot_be_fetched() -> None:
    keys = log_record.of_node(LAYOUT, "other")
    assert fetch(new_store(), keys, soon()) is None
    assert fetch_tails(new_store(), [keys], (), soon()).tails == {keys: None}

"""The node's log: bounded, stored once, numbered for good."""

import pytest

from bus.messages import Envelope, Hint, Line, StopReason
from cluster.schema.layout import layout
from cluster.schema.logchunk import CHUNK_LINES
from cluster.store.store import Create, Delete
from runtime.clock import Instant
from runtime.deadline import Deadline
from runtime.errors import DeadlineExceeded, Unavailable
from tests.fakes.bus import FakeBus
from tests.fakes.clock import FakeClock
from tests.fakes.ensemble import FakeEnsemble
from tests.fakes.store import FakeStore
from workers.console.actions import Store, TellFacts
from workers.console.backlog import Backlog
from workers.console.decide import Memory, decide
from workers.console.logs import Logs
from workers.console.node_lines import NodeLines
from workers.console.seen import Seen
from workers.console.store_node_log import StoreNodeLog


def line(text: str, level: str = "info") -> Line:
    return Line(worker="vm", at="then", level=level, text=text)


class Stage:
    """A node log on a fake store."""

    def __init__(self, keep_lines: int = 2000) -> None:
        self.clock = FakeClock()
        self.ensemble = FakeEnsemble()
        self.store = FakeStore(self.ensemble, self.clock)
        self.change(*(Create(path, b"") for path in ("/logs", "/logs/hv1")))
        self.keep_lines = keep_lines
        self.sequence = 0
        self.begin()

    def begin(self) -> None:
        """Start a console worker, as after a restart."""
        lines = NodeLines(
            backlog=Backlog(self.keep_lines),
            node_log=StoreNodeLog(
                self.store,
                layout(16),
                "hv1",
                keep_lines=self.keep_lines,
                call_seconds=1.0,
                clock=self.clock,
            ),
            clock=self.clock,
        )
        outgoing = FakeBus(self.clock).outgoing("console")
        self.lines = Logs(node=lines, consoles=None, outgoing=outgoing)

    def change(self, *changes: Create | Delete) -> None:
        self.store.apply(changes, Deadline.after(1.0, self.clock))

    def hear(self, *texts: str) -> None:
        for text in texts:
            self.sequence += 1
            self.lines.hear(
                Envelope(
                    address="log.vm",
                    sender="vm",
                    sequence=self.sequence,
                    at=Instant(0.0),
                    message=line(text),
                )
            )

    def round(self) -> None:
        while self.lines.observe().waiting:
            self.lines.act(Store())

    def stored(self) -> dict[int, str]:
        deadline = Deadline.after(1.0, self.clock)
        found = {}
        for name in self.store.children("/logs/hv1", deadline) or ():
            value = self.store.read(f"/logs/hv1/{name}", deadline)
            assert value is not None
            for offset, text in enumerate(value.data.decode().split("\n")):
                found[int(name) + offset] = text.removeprefix("then info vm: ")
        return found


def test_lines_are_stored_in_order_with_time_level_and_worker() -> None:
    stage = Stage()
    stage.hear("a", "b")
    stage.round()
    assert stage.stored() == {0: "a", 1: "b"}
    value = stage.store.read("/logs/hv1/000000000000", Deadline.after(1.0, stage.clock))
    assert value is not None
    assert value.data.decode() == "then info vm: a\nthen info vm: b"


def test_numbers_go_on_over_a_restart_and_old_chunks_go() -> None:
    stage = Stage(keep_lines=500)
    for start in range(0, 2000, 250):
        stage.hear(*(str(n) for n in range(start, start + 250)))
        stage.round()
        stage.begin()
    stored = stage.stored()
    assert all(stored[n] == str(n) for n in stored)
    assert max(stored) == 1999
    assert 500 <= len(stored) < 500 + 2 * CHUNK_LINES


def test_what_waits_is_stored_when_it_is_told_to_end() -> None:
    stage = Stage()
    stage.hear("one", "two")
    stage.lines.finish(StopReason.RESTART)
    assert stage.stored() == {0: "one", 1: "two"}


def test_a_store_that_is_away_does_not_keep_it_from_ending() -> None:
    stage = Stage()
    stage.hear("one")
    stage.store.suspend()
    stage.lines.finish(StopReason.RESTART)
    stage.store.resume()
    assert stage.stored() == {}


def test_a_store_that_is_away_costs_the_oldest_lines_and_the_log_says_how_many() -> None:
    stage = Stage(keep_lines=100)
    stage.hear("before")
    stage.round()
    stage.store.suspend()
    stage.hear(*(str(n) for n in range(150)))
    with pytest.raises(Unavailable):
        stage.lines.act(Store())
    stage.hear(*(str(n) for n in range(150, 200)))
    stage.store.resume()
    stage.round()
    texts = list(stage.stored().values())
    assert texts[-1] == "199"
    assert any("50 lines were lost" in text for text in texts)
    assert len([text for text in texts if text.isdigit()]) <= 200


@pytest.mark.parametrize("is_made", [True, False])
def test_a_write_with_an_unknown_end_is_stored_once(
    is_made: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = Stage()
    stage.hear("a", "b")
    stage.round()
    apply = stage.store.apply

    def broken(changes: object, deadline: Deadline) -> None:
        if is_made:
            apply(changes, deadline)  # type: ignore[arg-type]
        raise DeadlineExceeded("not known")

    monkeypatch.setattr(stage.store, "apply", broken)
    stage.hear("c", "d")
    stage.lines.observe()
    with pytest.raises(DeadlineExceeded):
        stage.lines.act(Store())
    monkeypatch.undo()
    stage.hear("e")
    stage.round()
    assert stage.stored() == dict(enumerate("abcde"))


def test_a_log_that_was_emptied_begins_anew() -> None:
    stage = Stage()
    stage.hear("a")
    stage.round()
    stage.change(Delete("/logs/hv1/000000000000"))
    stage.hear("b")
    with pytest.raises(Unavailable):
        stage.round()
    stage.round()
    assert stage.stored() == {0: "b"}


def test_without_its_parent_nothing_is_lost_but_time() -> None:
    stage = Stage()
    stage.change(Delete("/logs/hv1"))
    stage.hear("a")
    with pytest.raises(Unavailable):
        stage.round()
    stage.change(Create("/logs/hv1", b""))
    stage.round()
    assert stage.stored() == {0: "a"}


def test_what_does_not_belong_there_is_left_alone() -> None:
    stage = Stage()
    stage.change(Create("/logs/hv1/messages", b"old"), Create("/logs/hv1/12", b"odd"))
    stage.hear("a")
    stage.round()
    names = stage.store.children("/logs/hv1", Deadline.after(1.0, stage.clock))
    assert names == ("000000000000", "12", "messages")


def test_lines_that_the_bus_lost_are_counted_and_a_sender_may_begin_anew() -> None:
    backlog = Backlog(100)
    for sequence in (5, 6, 9, 1, 2):
        backlog.add("vm", sequence, line(str(sequence)))
    assert backlog.dropped == 2
    assert "2 lines were lost" in backlog.begin(10_000, "now")[0]


def test_a_write_carries_a_bounded_number_of_bytes_but_one_line_at_least() -> None:
    backlog = Backlog(10_000)
    for sequence in range(1, 1001):
        backlog.add("vm", sequence, line("x" * 1000))
    assert 1 <= len(backlog.begin(10_000, "now")) <= 10
    backlog.confirm()
    assert len(backlog.begin(10, "now")) == 1


def test_the_backlog_is_bounded_whatever_comes() -> None:
    backlog = Backlog(100)
    for sequence in range(1, 10_001):
        backlog.add(f"sender {sequence % 1000}", 1, line("y" * 100_000))
    assert len(backlog) == 100
    assert sum(len(text) for text in backlog.begin(10**9, "now")) < 101 * 4200


def test_it_writes_at_once_and_then_at_most_twice_a_second() -> None:
    memory, writes = Memory(), []
    for step in range(100):
        now = Instant(100.0 + step * 0.05)
        decision = decide(Seen(waiting=5, dropped=0, next_number=0), memory, now)
        memory = decision.memory
        writes += [now for action in decision.actions if isinstance(action, Store)]
        assert decision.look_again > now
    assert writes[0] == 100.0
    assert 8 <= len(writes) <= 10


def test_a_quiet_log_is_not_written_and_its_facts_are_told() -> None:
    seen = Seen(waiting=0, dropped=3, next_number=7)
    decision = decide(seen, Memory(), Instant(100.0))
    assert list(decision.actions) == [TellFacts(seen)]
    assert not decide(seen, decision.memory, Instant(101.0)).actions


def test_other_messages_are_no_lines() -> None:
    stage = Stage()
    hint = Envelope(
        address="hint.vm", sender="vm", sequence=1, at=Instant(0.0), message=Hint(noun="vm")
    )
    assert not stage.lines.hear(hint)
    stage.hear("a")
    assert stage.lines.observe().waiting == 1

"""What keepalive decides; every answer the store can give, and none."""

import json
from collections.abc import Mapping
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from bus.messages import ChildState, TreeState
from cluster.store.store import Session, SessionState
from runtime.clock import Instant
from workers.keepalive.actions import Action, NoteLate, Put, TakeSample
from workers.keepalive.decide import Memory, Own, decide
from workers.keepalive.machine import Counters, Sample
from workers.keepalive.seen import Child, Seen, Tree
from workers.keepalive.writing import Answer, Way

OWN = Own(node="hv1", run_id="run", interval_seconds=1.0, dead_after_seconds=5.0, presence="here")
T0 = 100.2
UP = Session(state=SessionState.CONNECTED, since=Instant(60.0), number=5)
AWAY = Session(state=SessionState.SUSPENDED, since=Instant(90.0), number=5)


def seen(
    answers: Mapping[str, Answer] | None = None,
    session: Session = UP,
    tree: TreeState | None = TreeState.RUNNING,
    at: float = T0,
    children: Mapping[str, Child] | None = None,
    sample: Sample | None = None,
    facts_at: Mapping[str, Instant] | None = None,
) -> Seen:
    return Seen(
        session=session,
        answers=answers or {},
        tree=None
        if tree is None
        else Tree(at=Instant(at), state=tree, children=dict(children or {})),
        facts_at=facts_at or {},
        sample=sample,
        wall=f"{at:.0f} s",
    )


class Run:
    """Round after round; by default the store makes everything that is sent."""

    def __init__(self, own: Own = OWN) -> None:
        self.own = own
        self.memory = Memory()
        self.note = ""
        self.look_again = 0.0
        self.under_way: set[str] = set()
        self.session = UP

    def round(self, at: float, *, answer: Answer = Answer.DONE, **kwargs: object) -> list[Action]:
        view = seen(at=at, **kwargs)  # type: ignore[arg-type]
        # What was sent in another session, or before a break, is lost.
        said = answer if view.session == self.session else Answer.FAILED
        self.session = view.session
        answers: dict[str, Answer] = dict.fromkeys(self.under_way, said)
        view = replace(view, answers=answers)
        decision = decide(self.own, view, self.memory, Instant(at))
        self.memory, self.note, self.look_again = (
            decision.memory,
            decision.note,
            decision.look_again,
        )
        self.under_way = set(answers) if said is Answer.NONE_YET else set()
        self.under_way |= {a.item for a in decision.actions if isinstance(a, Put)}
        return list(decision.actions)


def puts(actions: list[Action]) -> dict[str, tuple[Way, str]]:
    return {a.item: (a.way, a.text) for a in actions if isinstance(a, Put)}


def test_the_first_round_sends_presence_state_and_beat() -> None:
    run = Run()
    assert puts(run.round(T0)) == {
        "presence": (Way.CREATE, "here"),
        "beat": (Way.WRITE, "run 100"),
        "daemon_state": (Way.WRITE, "run"),
    }


def test_one_beat_in_each_slot_on_the_grid() -> None:
    run = Run()
    run.round(T0)
    beats = []
    for at in (100.25, 100.9, 101.0, 101.4, 102.0, 102.01):
        beats += [text for item, (_, text) in puts(run.round(at)).items() if item == "beat"]
    assert beats == ["run 101", "run 102"]
    assert run.look_again == 103.0


def test_after_a_pause_slots_are_left_out_and_counted() -> None:
    run = Run()
    run.round(T0)
    run.round(101.0)
    actions = run.round(107.3)
    assert NoteLate(5) in actions
    assert puts(actions)["beat"] == (Way.WRITE, "run 107")
    assert "beat" not in puts(run.round(107.4))
    assert puts(run.round(108.0))["beat"] == (Way.WRITE, "run 108")
    assert "fault NODE_HV1_KEEPALIVE_LATE" in puts(actions)


def test_missing_keys_are_made_at_once_in_the_same_slot() -> None:
    run = Run()
    run.round(T0)
    assert run.look_again < 100.3
    actions = run.round(100.25, answer=Answer.MISSING)
    assert puts(actions)["beat"] == (Way.CREATE, "run 100")
    assert puts(actions)["daemon_state"] == (Way.CREATE, "run")
    assert puts(run.round(100.3)) == {}
    assert puts(run.round(101.0))["beat"] == (Way.WRITE, "run 101")


def test_a_parent_that_is_missing_is_asked_for_once_a_slot() -> None:
    run = Run()
    sent = [puts(run.round(100.2 + n * 0.05, answer=Answer.MISSING)) for n in range(15)]
    assert sum("beat" in s for s in sent) == 2
    assert "beat" in puts(run.round(101.0, answer=Answer.MISSING))


def test_an_unanswered_beat_is_not_followed_by_another() -> None:
    run = Run()
    run.round(T0)
    run.round(100.25)
    run.round(101.0)
    for at in (102.0, 103.0, 104.0):
        assert "beat" not in puts(run.round(at, answer=Answer.NONE_YET))
    assert run.note == "beat unanswered for 3 s"
    assert puts(run.round(104.05))["beat"] == (Way.WRITE, "run 104")
    assert run.note == ""


def test_without_a_session_nothing_is_sent_and_the_note_says_so() -> None:
    run = Run()
    run.round(T0)
    for at in (101.0, 102.0, 103.0):
        assert not puts(run.round(at, session=AWAY))
    assert run.note == "store suspended for 13 s"
    assert puts(run.round(103.5))["beat"] == (Way.WRITE, "run 103")


def test_a_new_session_makes_presence_anew_and_takes_over_an_old_one() -> None:
    run = Run()
    run.round(T0)
    run.round(100.25)
    other = replace(UP, number=6)
    actions = run.round(100.5, session=other)
    assert puts(actions)["presence"] == (Way.CREATE, "here")
    actions = run.round(100.55, session=other, answer=Answer.EXISTS)
    assert puts(actions)["presence"] == (Way.REPLACE, "here")
    run.round(100.6, session=other)
    assert "presence" not in puts(run.round(101.0, session=other))
    # Should the old session have ended in between, there is nothing to remove.
    run.memory = replace(run.memory, session=None)
    run.round(101.1)
    run.round(101.2, answer=Answer.EXISTS)
    assert puts(run.round(101.3, answer=Answer.MISSING))["presence"] == (Way.CREATE, "here")


def test_presence_is_verified_now_and_then_and_made_again_when_gone() -> None:
    run = Run()
    run.round(T0)
    ways = {}
    for slot in range(101, 107):
        sent = puts(run.round(float(slot)))
        if "presence" in sent:
            ways[slot] = sent["presence"][0]
    assert ways == {105: Way.VERIFY}
    run.round(109.0)
    run.round(110.0)
    assert puts(run.round(110.05, answer=Answer.MISSING))["presence"] == (Way.CREATE, "here")


def test_the_daemon_state_is_said_again_now_and_then_in_case_somebody_has_changed_it() -> None:
    run = Run()
    run.round(T0)
    said = [slot for slot in range(101, 112) if "daemon_state" in puts(run.round(float(slot)))]
    assert said == [105, 110]
    run.round(115.0)
    again = puts(run.round(115.05, answer=Answer.MISSING))
    assert again["daemon_state"] == (Way.CREATE, "run")


def test_the_daemon_state_follows_the_tree_and_is_unsaid_until_it_is_known() -> None:
    run = Run()
    assert "daemon_state" not in puts(run.round(T0, tree=None))
    said = []
    for at, tree in enumerate((TreeState.STARTING, TreeState.RUNNING, TreeState.LEAVING), 101):
        said.append(puts(run.round(float(at), tree=tree))["daemon_state"][1])
        assert "daemon_state" not in puts(run.round(at + 0.5, tree=tree))
    assert said == ["init", "run", "shutdown"]


def test_a_failed_write_is_sent_again_in_the_next_slot_not_before() -> None:
    run = Run()
    run.round(T0)
    assert not puts(run.round(100.3, answer=Answer.FAILED))
    assert set(puts(run.round(101.0))) == {"presence", "daemon_state", "beat"}


def test_facts_follow_each_new_sample_with_rates_since_the_one_before() -> None:
    def sample(at: float, rx: int) -> Sample:
        return Sample(
            at=Instant(at),
            taken_at="then",
            memory_total_mb=100,
            memory_free_mb=60,
            interfaces={"eth0": Counters(rx_bytes=rx, rx_packets=rx // 10)},
        )

    run = Run()
    assert TakeSample() in run.round(T0)
    first = puts(run.round(101.0, sample=sample(100.5, 1000)))["facts"][1]
    assert '"rx_bps":0' in first
    assert '"used_mb":40' in first
    second = puts(run.round(102.0, sample=sample(102.5, 2000)))["facts"][1]
    assert '"rx_bps":4000' in second
    assert '"rx_pps":50' in second
    assert "facts" not in puts(run.round(102.1, sample=sample(102.5, 2000)))
    # An interface that was made anew counts from nothing again.
    assert '"rx_bps":0' in puts(run.round(103.0, sample=sample(103.5, 10)))["facts"][1]


def test_a_parked_worker_is_a_fault_reported_once_a_minute() -> None:
    run = Run()
    children = {"console": Child(state=ChildState.PARKED, reason="exit 70")}
    name = "fault NODE_HV1_WORKER_CONSOLE_PARKED"
    way, text = puts(run.round(T0, children=children))[name]
    assert "console" in text
    assert way is Way.WRITE
    assert puts(run.round(100.25, children=children, answer=Answer.MISSING))[name][0] is Way.CREATE
    sent = [puts(run.round(float(at), children=children)) for at in range(101, 225)]
    assert sum(name in s for s in sent) == 2
    assert name not in puts(run.round(225.0))


def test_stale_facts_of_a_running_worker_are_a_fault() -> None:
    run = Run()
    name = "fault NODE_HV1_WORKER_VM_FACTS_STALE"
    old = {"vm": Instant(T0 - 16)}
    running = {"vm": Child(state=ChildState.RUNNING)}
    assert name in puts(run.round(T0, children=running, facts_at=old))
    assert name not in puts(
        Run().round(T0, children={"vm": Child(state=ChildState.STARTING)}, facts_at=old)
    )
    assert name not in puts(Run().round(T0, children=running, facts_at={"vm": Instant(T0 - 14)}))


def test_an_outage_of_the_store_makes_no_workers_facts_stale() -> None:
    run = Run()
    heard, running = {"vm": Instant(100.0)}, {"vm": Child(state=ChildState.RUNNING)}
    back = Session(state=SessionState.CONNECTED, number=UP.number, since=Instant(140.0))
    run.round(T0, facts_at=heard, children=running)
    run.round(130.0, session=AWAY, facts_at=heard, children=running)
    name = "fault NODE_HV1_WORKER_VM_FACTS_STALE"
    assert name not in puts(run.round(141.0, session=back, facts_at=heard, children=running))
    assert name in puts(run.round(156.0, session=back, facts_at=heard, children=running))


def test_a_machine_that_cannot_be_looked_at_is_a_fault_and_workers_still_age() -> None:
    run = Run()
    sample = Sample(at=Instant(100.5), taken_at="then")
    heard = {"console": Instant(100.0)}
    name = "fault NODE_HV1_FACTS_STALE"
    run.round(T0)
    sent = [puts(run.round(float(at), sample=sample, facts_at=heard)) for at in range(101, 110)]
    assert [name in s for s in sent] == [False] * 5 + [True] + [False] * 3
    ages = [json.loads(s["facts"][1])["workers"]["console"]["age_seconds"] for s in sent]
    assert ages == [float(age) for age in range(1, 10)]
    assert all(json.loads(s["facts"][1])["at"] == "then" for s in sent)


def test_a_machine_that_never_answers_is_a_fault_too() -> None:
    run = Run()
    sent = [puts(run.round(at + 0.2)) for at in range(100, 106)]
    assert ["fault NODE_HV1_FACTS_STALE" in s for s in sent] == [False] * 5 + [True]


def test_a_pause_of_the_whole_node_is_no_fault_of_its_machine() -> None:
    run = Run()
    run.round(T0)
    run.round(101.0, sample=Sample(at=Instant(100.5), taken_at="then"))
    paused = puts(run.round(200.0, sample=Sample(at=Instant(101.0), taken_at="then")))
    assert "fault NODE_HV1_FACTS_STALE" not in paused
    assert "fault NODE_HV1_FACTS_STALE" not in puts(run.round(201.0))


def test_no_fault_is_written_into_a_tree_of_another_layout() -> None:
    tree = Tree(
        at=Instant(T0),
        state=TreeState.STARTING,
        schema_note="waits for hv2",
        children={"console": Child(state=ChildState.PARKED)},
    )
    view = replace(seen(), tree=tree)
    decision = decide(OWN, view, Memory(), Instant(T0))
    assert not any(isinstance(a, Put) and a.item.startswith("fault") for a in decision.actions)


@given(
    st.lists(
        st.tuples(
            st.floats(0.001, 5.0),
            st.sampled_from(list(Answer)),
            st.sampled_from(
                [UP, AWAY, replace(UP, number=6), replace(AWAY, state=SessionState.ENDED)]
            ),
            st.sampled_from([None, *TreeState]),
        ),
        max_size=60,
    )
)
def test_whatever_happens_at_most_one_beat_per_slot_and_one_write_per_key(
    steps: list[tuple[float, Answer, Session, TreeState | None]],
) -> None:
    run, at, sent_in = Run(), T0, dict[int, set[tuple[str, str]]]()
    for wait, answer, session, tree in steps:
        at += wait
        is_silent = answer is Answer.NONE_YET and run.session == session
        waiting_before = set(run.under_way) if is_silent else set()
        actions = run.round(at, answer=answer, session=session, tree=tree)
        sent = puts(actions)
        assert not (waiting_before & sent.keys())
        assert not sent or session.state is SessionState.CONNECTED
        if "beat" in sent:
            assert sent["beat"][1] == f"run {int(at)}"
        assert at < run.look_again <= at + 1.0
        sent_in.setdefault(int(at), set()).update(
            (item, text) for item, (_, text) in sent.items() if item == "beat"
        )
    assert all(len(texts) <= 1 for texts in sent_in.values())

"""The session as it is told: dated by our clock, each change once."""

import pytest

from cluster.store.session_tracker import SessionTracker
from cluster.store.store import Session, SessionState
from runtime.deadline import Deadline
from runtime.errors import StoreUnavailable
from tests.fakes.clock import FakeClock


def test_suspension_is_dated_by_our_clock() -> None:
    clock = FakeClock()
    tracker = SessionTracker(clock)
    tracker.connected(7)
    clock.sleep(5.0)
    lost_at = clock.now()
    tracker.suspended()
    clock.sleep(9.0)
    tracker.suspended()
    assert tracker.session == Session(state=SessionState.SUSPENDED, since=lost_at, number=7)


def test_what_has_ended_is_not_suspended_again() -> None:
    tracker = SessionTracker(FakeClock())
    tracker.suspended()
    assert tracker.session.state is SessionState.ENDED
    tracker.connected(7)
    tracker.ended("the session has expired")
    tracker.suspended()
    assert (tracker.session.state, tracker.session.number) == (SessionState.ENDED, 7)


def test_each_change_is_told_once() -> None:
    heard: list[SessionState] = []
    tracker = SessionTracker(FakeClock())
    tracker.subscribe(lambda session: heard.append(session.state))
    tracker.connected(7)
    tracker.suspended()
    tracker.ended("expired")
    tracker.ended("again")
    tracker.connected(8)
    assert heard == ["connected", "suspended", "ended", "connected"]


def test_the_error_says_why() -> None:
    tracker = SessionTracker(FakeClock())
    tracker.ended("the login was refused")
    with pytest.raises(StoreUnavailable, match="the login was refused"):
        tracker.wait_connected(Deadline.after(0.0))


def test_what_belongs_to_an_older_connection_is_dropped() -> None:
    done: list[int] = []
    tracker = SessionTracker(FakeClock())
    tracker.connected(7)
    first = tracker.connections
    assert tracker.if_still(first, lambda: done.append(1))
    tracker.suspended()
    assert not tracker.if_still(first, lambda: done.append(2))
    tracker.connected(7)
    assert not tracker.if_still(first, lambda: done.append(3))
    assert done == [1]

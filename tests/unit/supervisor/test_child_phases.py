"""Every pair of phase and event is either in the table or refused."""

import itertools

import pytest

from runtime.clock import Instant
from supervisor.child import (
    ALIVE,
    TRANSITIONS,
    Child,
    Event,
    IllegalTransition,
    Phase,
    beaten,
    spawned,
    step,
)
from tests.fakes.tree import CONSOLE

NOW = Instant(5.0)


@pytest.mark.parametrize(("phase", "event"), list(itertools.product(Phase, Event)))
def test_every_pair(phase: Phase, event: Event) -> None:
    child = Child(spec=CONSOLE, phase=phase)
    if (phase, event) in TRANSITIONS:
        assert step(child, event, NOW).phase is TRANSITIONS[phase, event]
    else:
        with pytest.raises(IllegalTransition, match="console"):
            step(child, event, NOW)


def test_a_process_is_never_started_beside_another() -> None:
    for phase in ALIVE:
        assert (phase, Event.SPAWNED) not in TRANSITIONS


def test_what_is_stopped_stays_stopped() -> None:
    assert not [pair for pair in TRANSITIONS if pair[0] is Phase.STOPPED]


def test_each_start_has_a_number_of_its_own() -> None:
    child = Child(spec=CONSOLE, incarnation=7)
    assert spawned(child, NOW).incarnation == 8


def test_a_late_beat_of_a_dead_process_changes_nothing() -> None:
    child = Child(spec=CONSOLE, phase=Phase.WAITING)
    assert beaten(child, "note", NOW) is child

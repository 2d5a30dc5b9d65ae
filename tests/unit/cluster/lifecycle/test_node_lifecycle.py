"""What a node says of itself, and what is shown of it."""

from itertools import product

import pytest

from cluster.lifecycle.node import OWN_STATES, TRANSITIONS, DaemonEvent, after, daemon_state
from cluster.lifecycle.transition import IllegalTransition
from cluster.model.node import DaemonState, Judgement

DEAD_AFTER = 5.0
DEAD = Judgement(state=DaemonState.DEAD, beat="r 7", record="f1")
FENCED = Judgement(state=DaemonState.FENCED, beat="r 7", record="f1")


@pytest.mark.parametrize(("state", "event"), list(product(DaemonState, DaemonEvent)))
def test_every_pair_is_in_the_table_or_refused(state: DaemonState, event: DaemonEvent) -> None:
    if (state, event) in TRANSITIONS:
        assert after(state, event) in OWN_STATES
    else:
        with pytest.raises(IllegalTransition):
            after(state, event)


def test_a_node_never_calls_itself_dead() -> None:
    assert set(TRANSITIONS.values()) == OWN_STATES
    assert {state for state, _ in TRANSITIONS} == OWN_STATES


def test_every_own_state_can_start_anew() -> None:
    assert {after(state, DaemonEvent.STARTED) for state in OWN_STATES} == {DaemonState.INIT}


def shown(
    own: DaemonState | None,
    judgement: Judgement | None = None,
    *,
    beat: str = "r 7",
    is_present: bool = False,
    silent_for: float | None = 0.0,
) -> DaemonState:
    return daemon_state(
        own,
        judgement,
        beat_now=beat,
        is_present=is_present,
        silent_for=silent_for,
        dead_after=DEAD_AFTER,
    )


@pytest.mark.parametrize("own", [*DaemonState, None])
@pytest.mark.parametrize("judgement", [DEAD, FENCED])
def test_a_verdict_holds_until_the_beat_moves(
    own: DaemonState | None, judgement: Judgement
) -> None:
    assert shown(own, judgement) is judgement.state
    assert shown(DaemonState.RUN, judgement, beat="r 8") is DaemonState.RUN


@pytest.mark.parametrize("own", [DaemonState.INIT, DaemonState.RUN, DaemonState.SHUTDOWN, None])
def test_silence_without_presence_is_death(own: DaemonState | None) -> None:
    assert shown(own, silent_for=DEAD_AFTER) is DaemonState.DEAD
    assert shown(own, silent_for=DEAD_AFTER - 0.1) is not DaemonState.DEAD
    assert shown(own, silent_for=1e9, is_present=True) is not DaemonState.DEAD
    assert shown(own, silent_for=None) is not DaemonState.DEAD


def test_a_node_that_has_stopped_is_not_dead() -> None:
    assert shown(DaemonState.STOP, silent_for=1e9) is DaemonState.STOP


@pytest.mark.parametrize("own", [None, DaemonState.DEAD, DaemonState.FENCED])
def test_what_a_node_cannot_say_is_not_shown(own: DaemonState | None) -> None:
    assert shown(own, is_present=True) is DaemonState.INIT

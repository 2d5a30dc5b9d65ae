"""Whether a node takes VMs: every state and event."""

from itertools import product

import pytest

from cluster.lifecycle.domain import TRANSITIONS, DomainEvent, after, completed, ordered
from cluster.lifecycle.transition import IllegalTransition
from cluster.model.node import DomainState, WantedDomainState


@pytest.mark.parametrize(("state", "event"), list(product(DomainState, DomainEvent)))
def test_every_pair_is_in_the_table_or_refused(state: DomainState, event: DomainEvent) -> None:
    if (state, event) in TRANSITIONS:
        assert after(state, event) is not DomainState.FENCE_FLUSH
    else:
        with pytest.raises(IllegalTransition):
            after(state, event)


@pytest.mark.parametrize("state", [s for s in DomainState if s is not DomainState.FENCE_FLUSH])
def test_each_order_leads_to_its_end_and_the_opposite_one_turns_it_at_once(
    state: DomainState,
) -> None:
    assert after(state, DomainEvent.FLUSH_ORDERED) in (DomainState.FLUSH, DomainState.FLUSHED)
    assert after(state, DomainEvent.READY_ORDERED) in (DomainState.UNFLUSH, DomainState.READY)


@pytest.mark.parametrize("wanted", list(WantedDomainState))
def test_nobody_ends_the_recovery_of_a_fenced_node_but_its_fencer(
    wanted: WantedDomainState,
) -> None:
    assert ordered(DomainState.FENCE_FLUSH, wanted) is None
    assert completed(DomainState.FENCE_FLUSH, wanted) is None


@pytest.mark.parametrize("wanted", list(WantedDomainState))
@pytest.mark.parametrize("state", [s for s in DomainState if s is not DomainState.FENCE_FLUSH])
def test_following_an_order_to_its_end_reaches_what_is_wanted(
    state: DomainState, wanted: WantedDomainState
) -> None:
    begun = ordered(state, wanted)
    assert begun is not None
    done = completed(begun, wanted) or begun
    assert done.value == wanted.value
    assert ordered(done, wanted) is done

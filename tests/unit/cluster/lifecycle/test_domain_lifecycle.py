"""Whether a node takes VMs: every state and event."""

from itertools import product

import pytest

from cluster.lifecycle.domain import TRANSITIONS, DomainEvent, after, is_order_followed
from cluster.lifecycle.transition import IllegalTransition
from cluster.model.node import DomainState


@pytest.mark.parametrize(("state", "event"), list(product(DomainState, DomainEvent)))
def test_every_pair_is_in_the_table_or_refused(state: DomainState, event: DomainEvent) -> None:
    assert is_order_followed(state, event) is ((state, event) in TRANSITIONS)
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


def test_nobody_ends_the_recovery_of_a_fenced_node_but_its_fencer() -> None:
    assert not any(is_order_followed(DomainState.FENCE_FLUSH, event) for event in DomainEvent)

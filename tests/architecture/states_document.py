"""docs/states.md: the state tables for people."""

from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from typing import TypeVar

from cluster.lifecycle import domain
from cluster.lifecycle.node import OWN_STATES, TRANSITIONS, DaemonEvent
from cluster.lifecycle.vm import vm_state
from cluster.lifecycle.vm_orders import EDITS, FORCED_ORDERS, MOVES, ORDERS, Edit, Order
from cluster.model.vm import Move, Seen, SeenState, VmState, Wanted, WantedState

_S = TypeVar("_S", bound=StrEnum)
_E = TypeVar("_E", bound=StrEnum)


def states_document() -> str:
    """Return the document."""
    own = [state for state in TRANSITIONS.values() if state in OWN_STATES]
    states = list(dict.fromkeys(own))
    return "\n".join(
        (
            "# State tables",
            "",
            "Generated from `cluster/lifecycle/` by `./dev docs`; do not edit.",
            "",
            "## Daemon state, as a node says it of itself",
            "",
            "What is shown: the peers' verdict (dead, fenced) until the node's beat moves on; dead",
            "when the node is neither present nor has moved its beat for `dead_after`, unless it",
            "has stopped; else what it says.",
            "",
            *_events(states, list(DaemonEvent), TRANSITIONS),
            "",
            "## Domain state: whether a node takes VMs",
            "",
            "Written by the node itself; `flush` and `unflush` end by themselves and give way to",
            "the opposite order at once. fence-flush belongs to whoever recovers a fenced node.",
            "",
            *_events(_in_table(domain.TRANSITIONS), list(domain.DomainEvent), domain.TRANSITIONS),
            "",
            "## Orders about a VM, by the state people see",
            "",
            "In brackets: only with force. A blank is refused.",
            "",
            *_events(list(VmState), list(Order), ORDERS, FORCED_ORDERS),
            "",
            "## Orders to be on another node, by the state people see",
            "",
            "transfer: it runs and is brought there; redirect: it is on its way and goes",
            "elsewhere, or stays; place: it is off, only its node changes. A migrated VM is",
            "migrated again only with force. A blank is refused.",
            "",
            *_events(list(VmState), [move for move in Move if move], MOVES),
            "",
            "## Edits of a VM's record, by the state people see",
            "",
            "label: its meta data and tags. A blank is refused.",
            "",
            *_events(list(VmState), list(Edit), {pair: pair[1] for pair in EDITS}),
            "",
            "## The state people see, by what is wanted and what is seen (on the wanted node)",
            "",
            *_derived(),
            "",
            "While it runs on another node than wanted: migrate, migrate-live or unmigrate. A",
            "restart shows as restart until it is done; a failure as fail until another order.",
            "",
        )
    )


def _in_table(table: Mapping[tuple[_S, _E], StrEnum]) -> list[_S]:
    return list(dict.fromkeys(state for state, _ in table))


def _events(
    states: Iterable[_S],
    events: list[_E],
    table: Mapping[tuple[_S, _E], StrEnum],
    forced: Mapping[tuple[_S, _E], StrEnum] | None = None,
) -> Iterator[str]:
    yield "| | " + " | ".join(events) + " |"
    yield "|---" * (len(events) + 1) + "|"
    for state in states:
        cells = []
        for event in events:
            found, odd = table.get((state, event)), (forced or {}).get((state, event))
            cells.append(found or (f"({odd})" if odd else ""))
        yield f"| **{state}** | " + " | ".join(cells) + " |"


def _derived() -> Iterator[str]:
    yield "| wanted | " + " | ".join(SeenState) + " |"
    yield "|---" * (len(SeenState) + 1) + "|"
    for wanted in WantedState:
        order = Wanted(state=wanted, node="n", serial=1)
        cells = [vm_state(order, Seen(state=seen, node="n", serial=1)) for seen in SeenState]
        yield f"| **{wanted}** | " + " | ".join(cells) + " |"

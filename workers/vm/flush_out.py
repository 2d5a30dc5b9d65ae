"""How the VMs of a node that is being flushed are sent away; pure.

Invariants: a VM is ordered only to a node that takes VMs, and the order demands that this node
still does when it is given, so two nodes that are flushed never send to each other. One that cannot
go holds up no other. What is under way is never ordered a second time.
"""

from dataclasses import replace
from enum import StrEnum
from typing import Final

from cluster.model.vm import SeenState
from cluster.placement import Placement, in_order, place, why_not, with_arrival
from runtime.clock import Instant, later
from workers.vm.actions import OrderMigrate
from workers.vm.flush_plan import AHEAD, Order, Plan, Tries, Try
from workers.vm.order import Ask, asked, is_held_up
from workers.vm.places import candidate, request
from workers.vm.rules import Rules
from workers.vm.seen import Seen, VmView

RETRY_SECONDS: Final = 30.0
"""One that could be brought to no node is tried again after this."""


class Stand(StrEnum):
    """How a VM stands to a node that is being flushed."""

    AWAY = "away"
    STAYS = "stays"
    """Here, or to be started here: to be sent away."""
    WAITS = "waits"
    """Here, and about to become something else: starting, ending, leaving, coming."""
    HELD = "held"
    """Here, and others are at work on it."""


def plan(rules: Rules, seen: Seen, tries: Tries, now: Instant) -> Plan:
    """Say what is to be done so that this node gets empty."""
    stands = {uuid: stand(view, rules.node) for uuid, view in seen.vms.items()}
    leaving = {uuid for uuid in stands if _is_leaving(seen.vms[uuid], rules.node)}
    staying = [seen.vms[uuid] for uuid in sorted(stands) if stands[uuid] is Stand.STAYS]
    out = _Sending(rules, seen, now, tries, under_way=len(leaving))
    for view in _in_order(staying, rules.node):
        out.send(view)
    waits = {uuid for uuid in stands if stands[uuid] is Stand.WAITS}
    held_up = {uuid: why for uuid in waits if (why := held_up_by(seen.vms[uuid]))}
    held = {
        uuid: f"it is not touched while its state is {seen.vms[uuid].wanted.state}"
        for uuid in stands
        if stands[uuid] is Stand.HELD
    }
    return Plan(
        orders=tuple(out.orders),
        tries={
            uuid: one
            for uuid, one in out.tries.items()
            if stands.get(uuid, Stand.AWAY) is not Stand.AWAY
        },
        moving=frozenset(out.moving | waits - held_up.keys()),
        waiting=frozenset(out.waiting),
        stuck={**out.stuck, **held_up, **held},
    )


def stand(view: VmView, node: str) -> Stand:
    """Say how a VM stands to a node."""
    record, wanted = view.record, view.wanted
    may_run = record.node == node and record.state.may_run
    is_here = may_run or view.local is not None
    match asked(wanted, record):
        case Ask.LEAVE:
            return Stand.HELD if is_here else Stand.AWAY
        case Ask.END | Ask.REMOVE:
            return Stand.WAITS if is_here else Stand.AWAY
        case Ask.BOUNCE:
            return Stand.WAITS if is_here or wanted.node == node else Stand.AWAY
        case Ask.RUN:
            return _stand_of_running(view, node, is_here=is_here)


def _stand_of_running(view: VmView, node: str, *, is_here: bool) -> Stand:
    record, wanted = view.record, view.wanted
    if wanted.node != node:
        return Stand.WAITS if is_here else Stand.AWAY
    if record.state is SeenState.FAILED and record.serial >= wanted.serial:
        return Stand.WAITS if is_here else Stand.AWAY
    if not record.state.may_run:
        return Stand.STAYS
    if record.node != node:
        # Coming. Where nothing is on its way yet it stays where it is; else it is sent on.
        return Stand.STAYS if view.transfer is None and view.local is None else Stand.WAITS
    is_settled = record.state in (SeenState.RUNNING, SeenState.PAUSED)
    return Stand.STAYS if is_settled and view.transfer is None else Stand.WAITS


def held_up_by(view: VmView) -> str:
    """Return what holds up a move for a time that nobody knows; empty when nothing does."""
    transfer = view.transfer
    if transfer is None or not is_held_up(transfer):
        return ""
    return f"its move to {transfer.to} is not over: {transfer.reason}"


def _is_leaving(view: VmView, node: str) -> bool:
    """Whether a move away from here is ordered and takes its place among those under way."""
    return (
        view.wanted.node != node
        and view.record.node == node
        and view.record.state.may_run
        and asked(view.wanted, view.record) is Ask.RUN
        and not is_held_up(view.transfer)
    )


def _in_order(views: list[VmView], node: str) -> list[VmView]:
    by_uuid = {view.uuid: view for view in views}
    return [by_uuid[one.vm] for one in in_order(request(view, on=node) for view in views)]


class _Sending:
    """The orders of one round; knows what each of them leaves of the places."""

    def __init__(
        self, rules: Rules, seen: Seen, now: Instant, tries: Tries, *, under_way: int
    ) -> None:
        self._rules = rules
        self._now = now
        self._nodes = seen.nodes
        self._places = {name: candidate(node) for name, node in seen.nodes.items()}
        self._room = {
            name: rules.parallel_moves - len(node.arriving) for name, node in seen.nodes.items()
        }
        self._free = AHEAD * rules.parallel_moves - under_way
        self.tries = dict(tries)
        self.orders: list[Order] = []
        self.moving: set[str] = set()
        self.waiting: set[str] = set()
        self.stuck: dict[str, str] = {}

    def send(self, view: VmView) -> None:
        """Order a VM away, or say why not."""
        last = self.tries.get(view.uuid)
        if last is not None and last.is_unseen(view.wanted.serial, self._now):
            self.moving.add(view.uuid)
            self._take(view, last.to)
            return
        failed = self._failed(view, last)
        if self._is_left_where_it_is(view, failed):
            self._order(view, view.record.node, failed)
            return
        answer = self._place(view, failed | self._full())
        if answer.node is not None and self._free > 0:
            self._order(view, answer.node, failed)
        elif answer.node is not None or self._place(view, failed).node is not None:
            self.waiting.add(view.uuid)
        else:
            self.stuck[view.uuid] = _explanation(self._place(view, failed), view, failed)

    def _failed(self, view: VmView, last: Try | None) -> frozenset[str]:
        """Nodes that it was not brought to; each is tried again after a while."""
        if last is None or self._now >= later(last.at, RETRY_SECONDS):
            return frozenset()
        was_given_up = view.wanted.serial != last.serial
        return last.failed | {last.to} if was_given_up else last.failed

    def _is_left_where_it_is(self, view: VmView, failed: frozenset[str]) -> bool:
        """Whether it was on its way here, has not set out, and may stay."""
        there = self._places.get(view.record.node)
        if there is None or there.name == self._rules.node or not view.record.state.may_run:
            return False
        stays = replace(request(view, on=self._rules.node, excluded=failed), memory_mb=0)
        return not why_not(stays, there)

    def _full(self) -> frozenset[str]:
        return frozenset(name for name, room in self._room.items() if room <= 0)

    def _place(self, view: VmView, excluded: frozenset[str]) -> Placement:
        asked_for = request(view, on=self._rules.node, excluded=excluded)
        return place(asked_for, self._places.values(), default=self._rules.selector)

    def _order(self, view: VmView, to: str, failed: frozenset[str]) -> None:
        version = self._nodes[to].wanted_version
        self.orders.append(OrderMigrate(vm=view.uuid, to=to, to_wanted_version=version))
        self.tries[view.uuid] = Try(
            serial=view.wanted.serial, at=self._now, to=to, failed=failed - {to}
        )
        self.moving.add(view.uuid)
        self._take(view, to)

    def _take(self, view: VmView, to: str) -> None:
        self._free -= 1
        if to in self._places:
            self._room[to] -= 1
            self._places[to] = with_arrival(self._places[to], request(view, on=self._rules.node))


def _explanation(answer: Placement, view: VmView, failed: frozenset[str]) -> str:
    why = f"its move there was given up: {view.record.reason or 'for no known reason'}"
    tried = {name: why for name in failed if name in answer.refused}
    return replace(answer, refused={**answer.refused, **tried}).explanation

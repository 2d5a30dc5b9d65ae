"""How a node that becomes ready gets its VMs back; pure.

Invariants: each VM whose home is here is ordered back once; one that cannot come is named and not
waited for, so that a node always becomes ready. What has not set out for elsewhere yet stays.
"""

from typing import Final

from cluster.model.vm import WantedState
from runtime.clock import Instant
from workers.vm.actions import OrderAutostart, OrderUnmigrate
from workers.vm.flush_out import held_up_by
from workers.vm.flush_plan import AHEAD, Order, Plan, Tries, Try
from workers.vm.order import Ask, asked
from workers.vm.places import candidate, memory_mb
from workers.vm.rules import Rules
from workers.vm.seen import Seen, VmView

_STARTS_FROM: Final = (WantedState.STOP, WantedState.SHUTDOWN)


def plan(rules: Rules, seen: Seen, tries: Tries, now: Instant) -> Plan:
    """Say what is to be done so that this node has its VMs."""
    home = _Home(rules, seen, tries, now)
    for uuid in sorted(seen.vms, key=lambda uuid: (seen.vms[uuid].name, uuid)):
        home.look_at(seen.vms[uuid])
    return Plan(
        orders=tuple(home.orders),
        tries={uuid: one for uuid, one in home.tries.items() if uuid in seen.vms},
        moving=frozenset(home.moving),
        waiting=frozenset(home.waiting),
        stuck=home.stuck,
    )


class _Home:
    """The orders of one round."""

    def __init__(self, rules: Rules, seen: Seen, tries: Tries, now: Instant) -> None:
        own = candidate(seen.nodes[rules.node])
        self._node = rules.node
        self._nodes = seen.nodes
        self._now = now
        self._room_mb = own.room_mb
        self._free = AHEAD * rules.parallel_moves - own.arriving_vms
        self.tries = dict(tries)
        self.orders: list[Order] = []
        self.moving: set[str] = set()
        self.waiting: set[str] = set()
        self.stuck: dict[str, str] = {}

    def look_at(self, view: VmView) -> None:
        """Order a VM home, or to start; or say why not."""
        wanted, record = view.wanted, view.record
        if wanted.node != self._node:
            if wanted.home == self._node:
                self._bring_home(view)
            return
        if record.node != self._node and record.state.may_run:
            self._await(view)
        elif view.meta.autostart and wanted.state in _STARTS_FROM and not record.state.may_run:
            self._start(view)

    def _await(self, view: VmView) -> None:
        """On its way."""
        if asked(view.wanted, view.record) is not Ask.RUN:
            return
        if why := self._held_up_by(view):
            self.stuck[view.uuid] = why
        else:
            self.moving.add(view.uuid)

    def _bring_home(self, view: VmView) -> None:
        ask, last = asked(view.wanted, view.record), self.tries.get(view.uuid)
        if ask in (Ask.LEAVE, Ask.REMOVE):
            return
        if last is not None and view.wanted.serial != last.serial:
            self.stuck[view.uuid] = view.record.reason or "it was ordered elsewhere meanwhile"
            return
        if last is not None and last.is_unseen(view.wanted.serial, self._now):
            self._free -= 1
            self.moving.add(view.uuid)
        elif why := self._held_up_by(view) or self._why_not(view):
            self.stuck[view.uuid] = why
        elif ask is Ask.BOUNCE or view.transfer is not None:
            # It is down in a moment, or goes away: it comes back when that is over.
            self.moving.add(view.uuid)
        elif view.record.node == self._node or not view.record.state.may_run:
            self._order(view, OrderUnmigrate(vm=view.uuid))
        elif self._free > 0:
            self._free -= 1
            self._room_mb -= memory_mb(view)
            self._order(view, OrderUnmigrate(vm=view.uuid))
        else:
            self.waiting.add(view.uuid)

    def _start(self, view: VmView) -> None:
        last = self.tries.get(view.uuid)
        if last is not None and last.is_unseen(view.wanted.serial, self._now):
            self.moving.add(view.uuid)
        else:
            self._order(view, OrderAutostart(vm=view.uuid))

    def _order(self, view: VmView, order: Order) -> None:
        self.orders.append(order)
        self.tries[view.uuid] = Try(serial=view.wanted.serial, at=self._now, to=self._node)
        self.moving.add(view.uuid)

    def _held_up_by(self, view: VmView) -> str:
        if why := held_up_by(view):
            return why
        where = self._nodes.get(view.record.node)
        if not view.record.state.may_run or (where is not None and where.is_alive):
            return ""
        return f"node {view.record.node}, which has it, is not alive"

    def _why_not(self, view: VmView) -> str:
        limit = view.meta.node_limit
        if limit and self._node not in limit:
            return f"the VM may only be on {', '.join(limit)}"
        is_elsewhere = view.record.node != self._node and view.record.state.may_run
        if is_elsewhere and memory_mb(view) > self._room_mb:
            return f"{memory_mb(view)} MiB do not fit ({self._room_mb} MiB are free here)"
        return ""

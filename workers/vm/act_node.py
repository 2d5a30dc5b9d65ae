"""What is done for this node as a whole: its domain state, orders for its own sake, what it tells.

Invariant: orders read the keys afresh and demand what they were decided on; what is told is told by
this worker alone, so the last word counts.
"""

from typing import assert_never

from bus.messages import Facts
from bus.topics import Topic
from cluster.operations import flush_orders
from cluster.records import fault_record, vm_keys
from cluster.records.vm_keys import VmKeys
from cluster.schema import codec
from cluster.store.store import Change, Create, Value, Write
from runtime.errors import NotFound
from runtime.log import get_logger
from workers.vm.act_statistics import write_statistics
from workers.vm.actions import (
    OrderAutostart,
    OrderMigrate,
    OrderUnmigrate,
    Report,
    TellFacts,
    WriteDomainState,
    WriteFlush,
    WriteStatistics,
)
from workers.vm.spec import SPEC
from workers.vm.tools import Tools, apply

log = get_logger(__name__)

NodeAction = (
    WriteDomainState
    | WriteFlush
    | OrderMigrate
    | OrderUnmigrate
    | OrderAutostart
    | WriteStatistics
    | Report
    | TellFacts
)


class NodeActs:
    """Does what was decided about this node."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools

    def act(self, action: NodeAction) -> None:
        """Do one action; raises `Unavailable` when the store does not answer."""
        match action:
            case OrderMigrate() | OrderUnmigrate() | OrderAutostart():
                self._order(action)
            case WriteDomainState():
                self._write_domain_state(action)
            case WriteFlush():
                path = self._tools.layout.path("node.flush", node=self._tools.node)
                self._write(path, codec.to_json(dict(action.values)))
            case WriteStatistics():
                write_statistics(self._tools, action.values)
            case Report():
                self._report(action)
            case TellFacts():
                facts = Facts(worker=SPEC.name, values=action.values)
                self._tools.outgoing.send(Topic.FACTS, SPEC.name, facts)
            case _:
                assert_never(action)

    def _order(self, action: OrderMigrate | OrderUnmigrate | OrderAutostart) -> None:
        tools, layout = self._tools, self._tools.layout
        own = flush_orders.node_paths(layout, tools.node)
        meta = layout.path("vm.meta", vm=action.vm)
        paths = [*vm_keys.paths(layout, action.vm), *own, meta]
        values = tools.store.read_many(paths, tools.deadline())
        keys = vm_keys.from_values(layout, action.vm, values)
        if keys is None:
            return
        changes = self._changes(action, keys, {p: values[p] for p in own}, values[meta])
        if changes and apply(tools, changes):
            log.info("vm_ordered", vm=keys.name, order=type(action).__name__)

    def _changes(
        self,
        action: OrderMigrate | OrderUnmigrate | OrderAutostart,
        keys: VmKeys,
        own: dict[str, Value | None],
        meta: Value | None,
    ) -> list[Change]:
        layout, node = self._tools.layout, self._tools.node
        match action:
            case OrderMigrate():
                version = action.to_wanted_version
                return flush_orders.migrate(
                    layout, keys, own, of=node, to=action.to, version=version
                )
            case OrderUnmigrate():
                return flush_orders.unmigrate(layout, keys, own, of=node)
            case OrderAutostart():
                return flush_orders.autostart(layout, keys, own, meta, of=node)

    def _write_domain_state(self, action: WriteDomainState) -> None:
        tools = self._tools
        paths = flush_orders.node_paths(tools.layout, tools.node)
        values = tools.store.read_many(paths, tools.deadline())
        changes = flush_orders.domain_state(tools.layout, values, of=tools.node, now=action.now)
        if changes and apply(tools, changes):
            log.info("domain_state_changed", new=action.now)

    def _write(self, path: str, data: bytes) -> None:
        tools = self._tools
        try:
            tools.store.apply([Write(path, data)], tools.deadline())
        except NotFound:
            apply(tools, [Create(path, data)])

    def _report(self, action: Report) -> None:
        tools = self._tools
        try:
            tools.store.apply(self._report_changes(action, is_new=False), tools.deadline())
        except NotFound:
            if apply(tools, self._report_changes(action, is_new=True)):
                log.warning("fault_reported", fault=action.fault, message=action.message)

    def _report_changes(self, action: Report, *, is_new: bool) -> list[Change]:
        return fault_record.report(
            self._tools.layout,
            action.fault,
            is_new=is_new,
            at=self._tools.clock.wall(),
            health_delta=action.health_delta,
            message=action.message,
        )

"""Console from its parts."""

from cluster.schema.layout import layout
from workers.console.actions import Action
from workers.console.backlog import Backlog
from workers.console.decide import Memory, decide
from workers.console.logs import Logs
from workers.console.node_lines import NodeLines
from workers.console.seen import Seen
from workers.console.store_node_log import StoreNodeLog
from workers.console.store_vm_logs import StoreVmLogs
from workers.console.vm_consoles import VmConsoles
from workers.loop import Parts
from workers.main import Context


def assemble(context: Context) -> Parts[Seen, Action, Memory]:
    """Return what the loop runs; the configuration may switch either half off."""
    logs = Logs(
        node=_node_lines(context), consoles=_vm_consoles(context), outgoing=context.outgoing
    )
    return Parts(
        observe=logs.observe,
        decide=decide,
        act=logs.act,
        memory=Memory(),
        hear=logs.hear,
        finish=logs.finish,
    )


def _node_lines(context: Context) -> NodeLines | None:
    config = context.orders.config
    keep_lines = config.logging.node_log_lines
    if not config.logging.zookeeper_logging or keep_lines <= 0:
        return None
    node_log = StoreNodeLog(
        context.store,
        layout(context.orders.schema_version),
        config.node,
        keep_lines=keep_lines,
        call_seconds=config.timing.store_call_seconds,
        clock=context.clock,
    )
    return NodeLines(backlog=Backlog(keep_lines), node_log=node_log, clock=context.clock)


def _vm_consoles(context: Context) -> VmConsoles | None:
    config = context.orders.config
    keep_lines = config.logging.console_log_lines
    if keep_lines <= 0:
        return None
    schema = layout(context.orders.schema_version)
    logs = StoreVmLogs(context.store, schema, config.node, keep_lines=keep_lines)
    return VmConsoles(
        logs,
        context.clock,
        keep_lines=keep_lines,
        call_seconds=config.timing.store_call_seconds,
    )

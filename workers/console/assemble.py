"""Console from its parts."""

from cluster.schema.layout import layout
from runtime.clock import Instant
from workers.console.actions import Action
from workers.console.backlog import Backlog
from workers.console.decide import Memory, decide
from workers.console.node_lines import NodeLines
from workers.console.seen import Seen
from workers.console.store_node_log import StoreNodeLog
from workers.decision import Decision
from workers.loop import Parts
from workers.main import Context


def assemble(context: Context) -> Parts[Seen, Action, Memory]:
    """Return what the loop runs."""
    config, clock = context.orders.config, context.clock
    keep_lines = config.logging.node_log_lines
    if not config.logging.zookeeper_logging or keep_lines <= 0:
        return _switched_off(context.spec.beat_timeout_seconds)
    lines = NodeLines(
        backlog=Backlog(keep_lines),
        node_log=StoreNodeLog(
            context.store,
            layout(context.orders.schema_version),
            config.node,
            keep_lines=keep_lines,
            call_seconds=config.timing.store_call_seconds,
            clock=clock,
        ),
        outgoing=context.outgoing,
        clock=clock,
    )
    return Parts(
        observe=lines.observe,
        decide=decide,
        act=lines.act,
        memory=Memory(),
        hear=lines.hear,
        finish=lines.finish,
    )


def _switched_off(longest_wait_seconds: float) -> Parts[Seen, Action, Memory]:
    """Beat and do nothing: the configuration wants no node log."""

    def nothing(_: Seen, memory: Memory, now: Instant) -> Decision[Action, Memory]:
        return Decision((), memory, Instant(now + longest_wait_seconds))

    return Parts(
        observe=lambda: Seen(waiting=0, dropped=0, next_number=0),
        decide=nothing,
        act=lambda _: None,
        memory=Memory(),
        hear=lambda _: False,
    )

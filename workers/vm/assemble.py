"""The vm worker from its parts."""

from collections.abc import Callable
from functools import partial

from bus.messages import StopReason
from cluster.model.vm import Selector
from cluster.schema.layout import layout
from runtime.config.node import HypervisorSection
from workers.loop import Parts
from workers.main import Context
from workers.vm.act import Actor
from workers.vm.actions import Action
from workers.vm.decide import Memory, decide
from workers.vm.hypervisor import Hypervisor
from workers.vm.observe import Observer
from workers.vm.rules import Rules
from workers.vm.seen import Seen
from workers.vm.tools import Tools
from workers.vm.watching import StoreDetails, WatchedTree

OpenHypervisor = Callable[[Context], Hypervisor]


def assemble(context: Context, open_hypervisor: OpenHypervisor) -> Parts[Seen, Action, Memory]:
    """Return what the loop runs."""
    config, store, clock = context.orders.config, context.store, context.clock
    keys = layout(context.orders.schema_version)
    call_seconds = config.timing.store_call_seconds
    hypervisor = open_hypervisor(context)
    tree = WatchedTree(store, keys, clock, call_seconds=call_seconds)
    details = StoreDetails(store, keys, clock, call_seconds=call_seconds)
    observer = Observer(config.node, keys, copy=tree, details=details, hypervisor=hypervisor)
    actor = Actor(
        Tools(
            node=config.node,
            store=store,
            layout=keys,
            hypervisor=hypervisor,
            outgoing=context.outgoing,
            clock=clock,
            call_seconds=call_seconds,
        )
    )
    details.start(context.wake.set)
    tree.start(context.wake.set)

    def finish(_: StopReason) -> None:
        # The VMs live on, and so do migrations: the next worker finds them.
        hypervisor.close()

    return Parts(
        observe=observer.observe,
        decide=partial(decide, rules_of(config.node, config.hypervisor)),
        act=actor.act,
        memory=Memory(),
        finish=finish,
    )


def rules_of(node: str, section: HypervisorSection) -> Rules:
    """Return what the configuration says about the decisions."""
    return Rules(
        node=node,
        peer_uri=section.peer_uri,
        selector=Selector(section.default_selector),
        shutdown_timeout_seconds=section.shutdown_timeout_seconds,
        parallel_moves=section.parallel_moves,
    )

"""Keepalive from its parts."""

from functools import partial

from cluster.model.node import Presence
from cluster.records.node_record import presence_data
from cluster.schema.layout import layout
from cluster.schema.versions import NEWEST
from cluster.store.store import Session
from runtime.version import VERSION
from workers.keepalive.act import Actor
from workers.keepalive.actions import Action
from workers.keepalive.decide import Memory, Own, decide
from workers.keepalive.in_flight import InFlight
from workers.keepalive.machine import Machine
from workers.keepalive.observe import Observer
from workers.keepalive.seen import Seen
from workers.loop import Parts
from workers.main import Context


def assemble(context: Context, machine: Machine) -> Parts[Seen, Action, Memory]:
    """Return what the loop runs."""
    orders, store, clock = context.orders, context.store, context.clock
    own = Own(
        node=orders.config.node,
        run_id=orders.run_id,
        interval_seconds=orders.config.timing.keepalive_interval_seconds,
        dead_after_seconds=orders.config.timing.dead_after_seconds,
        presence=presence_data(Presence(run=orders.run_id, version=VERSION)).decode(),
    )
    in_flight = InFlight(store)
    observer = Observer(store=store, in_flight=in_flight, machine=machine, clock=clock)
    # Its keys are the same in every schema version, so it takes their names from the newest.
    actor = Actor(
        own, layout(NEWEST), store=store, in_flight=in_flight, machine=machine, clock=clock
    )

    def session_changed(_: Session) -> None:
        context.wake.set()

    store.on_session(session_changed)
    return Parts(
        observe=observer.observe,
        decide=partial(decide, own),
        act=actor.act,
        memory=Memory(),
        hear=observer.hear,
        finish=actor.finish,
    )
